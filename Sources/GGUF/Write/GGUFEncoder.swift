import TensorCore

/// Appends values in their wire form.
struct GGUFEncoder {
  private(set) var bytes: [UInt8] = []
  let byteOrder: ByteOrder

  init(_ byteOrder: ByteOrder = .little) { self.byteOrder = byteOrder }

  mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: byteOrder.ordered(value)) { bytes.append(contentsOf: $0) }
  }

  mutating func append(bytes more: [UInt8]) { bytes.append(contentsOf: more) }

  mutating func append(_ string: String) {
    append(UInt64(string.utf8.count))
    bytes.append(contentsOf: string.utf8)
  }

  mutating func append(string raw: [UInt8]) {
    append(UInt64(raw.count))
    bytes.append(contentsOf: raw)
  }

  mutating func pad(toMultipleOf alignment: Int) {
    let target = bytes.count.rounded(upToMultipleOf: alignment)
    bytes.append(contentsOf: repeatElement(0, count: target - bytes.count))
  }

  /// Appends the value's type and the value.
  mutating func append(_ value: GGUFValue, key: String) throws(GGUFError) {
    append(value.wireType.rawValue)
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(value)
    case .uint16(let value): append(value)
    case .int16(let value): append(value)
    case .uint32(let value): append(value)
    case .int32(let value): append(value)
    case .float32(let value): append(value.bitPattern)
    case .bool(let value): append(UInt8(value ? 1 : 0))
    case .string(let value): append(value)
    case .malformedString(let value): append(string: value)
    case .array(let value): try append(value, key: key)
    case .uint64(let value): append(value)
    case .int64(let value): append(value)
    case .float64(let value): append(value.bitPattern)
    }
  }

  /// Appends the element type, the count and the elements.
  private mutating func append(_ array: GGUFArray, key: String) throws(GGUFError) {
    append(array.wireType.rawValue)
    append(UInt64(array.count))
    switch array {
    case .uint8(let list): append(contentsOf: list)
    case .int8(let list): append(contentsOf: list)
    case .uint16(let list): append(contentsOf: list)
    case .int16(let list): append(contentsOf: list)
    case .uint32(let list): append(contentsOf: list)
    case .int32(let list): append(contentsOf: list)
    case .float32(let list): append(contentsOf: list.map(\.bitPattern))
    case .bool(let list): append(contentsOf: list.map { UInt8($0 ? 1 : 0) })
    case .string(let list): for string in list { append(string) }
    case .malformedString(let list): for string in list { append(string: string) }
    case .array(let list): for inner in list { try append(inner, key: key) }
    case .uint64(let list): append(contentsOf: list)
    case .int64(let list): append(contentsOf: list)
    case .float64(let list): append(contentsOf: list.map(\.bitPattern))
    }
  }

  private mutating func append<Value: FixedWidthInteger>(contentsOf list: [Value]) {
    guard byteOrder == .little else {
      for value in list { append(value) }
      return
    }
    list.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }
}
