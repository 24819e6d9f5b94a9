/// One value of GGUF metadata.
public enum GGUFValue: Sendable, Hashable {
  case uint8(UInt8), int8(Int8)
  case uint16(UInt16), int16(Int16)
  case uint32(UInt32), int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  /// The bytes of a string that is not UTF-8, kept as they are.
  case malformedString([UInt8])
  case array(GGUFArray)
  case uint64(UInt64), int64(Int64)
  case float64(Double)
}

/// A list of values of one type.
public enum GGUFArray: Sendable, Hashable {
  case uint8([UInt8]), int8([Int8])
  case uint16([UInt16]), int16([Int16])
  case uint32([UInt32]), int32([Int32])
  case float32([Float])
  case bool([Bool])
  case string([String])
  /// The bytes of strings of which at least one is not UTF-8.
  case malformedString([[UInt8]])
  case array([GGUFArray])
  case uint64([UInt64]), int64([Int64])
  case float64([Double])
}

/// The wire id and spelling of each value type.
///
/// - Source: `gguf_metadata_value_type` in ggml's docs/gguf.md.
public enum GGUFValueType: UInt32, CaseIterable, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64,
    float64

  /// Bytes that one value takes at least: a string and an array begin with their counts.
  var minimumByteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

extension GGUFValue {
  public var wireType: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string, .malformedString: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// The spelling of the value's type, `array[string]` for lists.
  public var typeName: String {
    if case .array(let array) = self { return "array[\(array.elementTypeName)]" }
    return "\(wireType)"
  }

  /// The value as a signed integer, whatever its width; `nil` when it is no integer or too large.
  public var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(exactly: value)
    default: nil
    }
  }
}

extension GGUFArray {
  public var wireType: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string, .malformedString: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  public var elementTypeName: String { "\(wireType)" }

  /// Number of elements.
  public var count: Int {
    switch self {
    case .uint8(let list): list.count
    case .int8(let list): list.count
    case .uint16(let list): list.count
    case .int16(let list): list.count
    case .uint32(let list): list.count
    case .int32(let list): list.count
    case .float32(let list): list.count
    case .bool(let list): list.count
    case .string(let list): list.count
    case .malformedString(let list): list.count
    case .array(let list): list.count
    case .uint64(let list): list.count
    case .int64(let list): list.count
    case .float64(let list): list.count
    }
  }

  /// The elements as signed integers, whatever their width; `nil` when they are not integers.
  public var integers: [Int]? {
    switch self {
    case .uint8(let list): list.map(Int.init)
    case .int8(let list): list.map(Int.init)
    case .uint16(let list): list.map(Int.init)
    case .int16(let list): list.map(Int.init)
    case .uint32(let list): list.map(Int.init)
    case .int32(let list): list.map(Int.init)
    case .uint64(let list): exactly(list)
    case .int64(let list): exactly(list)
    default: nil
    }
  }

  private func exactly<Integer: BinaryInteger>(_ list: [Integer]) -> [Int]? {
    let integers = list.compactMap { Int(exactly: $0) }
    return integers.count == list.count ? integers : nil
  }
}
