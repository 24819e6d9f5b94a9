extension GGUFCursor {
  /// Arrays may nest; llama.cpp refuses nested arrays, the specification allows them.
  private static let nestingLimit = 16

  mutating func value() throws(GGUFError) -> GGUFValue {
    switch try valueType() {
    case .uint8: .uint8(try load("a uint8"))
    case .int8: .int8(try load("an int8"))
    case .uint16: .uint16(try load("a uint16"))
    case .int16: .int16(try load("an int16"))
    case .uint32: .uint32(try load("a uint32"))
    case .int32: .int32(try load("an int32"))
    case .float32: .float32(Float(bitPattern: try load("a float32")))
    case .bool: .bool(try bool())
    case .string: try string()
    case .array: .array(try array(depth: 1))
    case .uint64: .uint64(try load("a uint64"))
    case .int64: .int64(try load("an int64"))
    case .float64: .float64(Double(bitPattern: try load("a float64")))
    }
  }

  private mutating func valueType() throws(GGUFError) -> GGUFValueType {
    let place = offset
    let id: UInt32 = try load("a value type")
    guard let type = GGUFValueType(rawValue: id) else {
      throw error(.unknownValueType(id), at: place)
    }
    return type
  }

  private mutating func bool() throws(GGUFError) -> Bool {
    let place = offset
    let byte: UInt8 = try load("a bool")
    guard byte <= 1 else { throw error(.invalidBool(byte), at: place) }
    return byte == 1
  }

  private mutating func string() throws(GGUFError) -> GGUFValue {
    let raw = try stringBytes("a string")
    guard let text = String(validating: raw, as: UTF8.self) else {
      return .malformedString(Array(raw))
    }
    return .string(text)
  }

  private mutating func array(depth: Int) throws(GGUFError) -> GGUFArray {
    guard depth <= Self.nestingLimit else {
      throw error(.nestedTooDeeply(limit: Self.nestingLimit))
    }
    let type = try valueType()
    let count = try count("array elements", minimumByteCount: type.minimumByteCount)
    switch type {
    case .uint8: return .uint8(list(count))
    case .int8: return .int8(list(count))
    case .uint16: return .uint16(list(count))
    case .int16: return .int16(list(count))
    case .uint32: return .uint32(list(count))
    case .int32: return .int32(list(count))
    case .float32: return .float32((list(count) as [UInt32]).map(Float.init(bitPattern:)))
    case .uint64: return .uint64(list(count))
    case .int64: return .int64(list(count))
    case .float64: return .float64((list(count) as [UInt64]).map(Double.init(bitPattern:)))
    case .bool:
      var bools: [Bool] = []
      bools.reserveCapacity(count)
      for _ in 0..<count { bools.append(try bool()) }
      return .bool(bools)
    case .string:
      return try texts(count).array
    case .array:
      var arrays: [GGUFArray] = []
      for _ in 0..<count { arrays.append(try array(depth: depth + 1)) }
      return .array(arrays)
    }
  }

  /// A value of the metadata; a list of strings stays as it lies in a little-endian file.
  mutating func metadataValue() throws(GGUFError) -> GGUFMetadata.Stored {
    let start = self
    guard try valueType() == .array, try valueType() == .string else {
      self = start
      return .value(try value())
    }
    let count = try count("array elements", minimumByteCount: GGUFValueType.string.minimumByteCount)
    return .texts(try texts(count))
  }

  private mutating func texts(_ count: Int) throws(GGUFError) -> GGUFTextList {
    guard byteOrder == .little else {
      var list = GGUFTextList()
      for _ in 0..<count { list.append(try stringBytes("a string")) }
      return list
    }
    let start = offset
    for _ in 0..<count { _ = try stringBytes("a string") }
    return GGUFTextList(checked: read(from: start), count: count)
  }
}
