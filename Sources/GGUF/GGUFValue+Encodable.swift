// Values as other formats hold them: numbers, strings and lists without their widths. A float is
// widened exactly, so that a reader of either width finds the same number.

extension GGUFValue: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch self {
    case .uint8(let value): try single.encode(value)
    case .int8(let value): try single.encode(value)
    case .uint16(let value): try single.encode(value)
    case .int16(let value): try single.encode(value)
    case .uint32(let value): try single.encode(value)
    case .int32(let value): try single.encode(value)
    case .float32(let value): try single.encode(Double(value))
    case .bool(let value): try single.encode(value)
    case .string(let value): try single.encode(value)
    case .malformedString(let value): try single.encode(String(decoding: value, as: UTF8.self))
    case .array(let value): try single.encode(value)
    case .uint64(let value): try single.encode(value)
    case .int64(let value): try single.encode(value)
    case .float64(let value): try single.encode(value)
    }
  }
}

extension GGUFArray: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch self {
    case .uint8(let list): try single.encode(list)
    case .int8(let list): try single.encode(list)
    case .uint16(let list): try single.encode(list)
    case .int16(let list): try single.encode(list)
    case .uint32(let list): try single.encode(list)
    case .int32(let list): try single.encode(list)
    case .float32(let list): try single.encode(list.map(Double.init))
    case .bool(let list): try single.encode(list)
    case .string(let list): try single.encode(list)
    case .malformedString(let list):
      try single.encode(list.map { String(decoding: $0, as: UTF8.self) })
    case .array(let list): try single.encode(list)
    case .uint64(let list): try single.encode(list)
    case .int64(let list): try single.encode(list)
    case .float64(let list): try single.encode(list)
    }
  }
}

extension GGUFValue: CustomStringConvertible {
  /// The value on one line; a long list by its first elements and its count.
  public var description: String {
    switch self {
    case .uint8(let value): "\(value)"
    case .int8(let value): "\(value)"
    case .uint16(let value): "\(value)"
    case .int16(let value): "\(value)"
    case .uint32(let value): "\(value)"
    case .int32(let value): "\(value)"
    case .float32(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string(let value): value
    case .malformedString(let value): String(decoding: value, as: UTF8.self)
    case .array(let value): "\(value)"
    case .uint64(let value): "\(value)"
    case .int64(let value): "\(value)"
    case .float64(let value): "\(value)"
    }
  }
}

extension GGUFArray: CustomStringConvertible {
  public var description: String {
    switch self {
    case .uint8(let list): Self.brief(list)
    case .int8(let list): Self.brief(list)
    case .uint16(let list): Self.brief(list)
    case .int16(let list): Self.brief(list)
    case .uint32(let list): Self.brief(list)
    case .int32(let list): Self.brief(list)
    case .float32(let list): Self.brief(list)
    case .bool(let list): Self.brief(list)
    case .string(let list): Self.brief(list)
    case .malformedString(let list):
      Self.brief(list.prefix(7).map { String(decoding: $0, as: UTF8.self) }, count: list.count)
    case .array(let list): Self.brief(list)
    case .uint64(let list): Self.brief(list)
    case .int64(let list): Self.brief(list)
    case .float64(let list): Self.brief(list)
    }
  }

  private static func brief<Element>(_ list: [Element], count: Int? = nil) -> String {
    let shown = list.prefix(6).map { "\($0)" }.joined(separator: ", ")
    let total = count ?? list.count
    return total > 6 ? "[\(shown), … \(total) in all]" : "[\(shown)]"
  }
}
