import TensorCore
import Tokenizers

extension JSONValue {
  /// The value as the files of a checkpoint have it: two spaces a level, text in UTF-8, a line feed at the end.
  package var text: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, level: 0)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private func write(to bytes: inout [UInt8], level: Int) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += "\(value)".utf8
    case .integer(let value): bytes += "\(value)".utf8
    // JSON has no infinities; none get here, for readers refuse them.
    case .number(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let value): bytes += value.quotedAsJSON.utf8
    case .array(let values):
      Self.write(values, "[", "]", to: &bytes, level: level) { value, bytes in
        value.write(to: &bytes, level: level + 1)
      }
    case .object(let members):
      Self.write(members, "{", "}", to: &bytes, level: level) { member, bytes in
        bytes += member.key.quotedAsJSON.utf8
        bytes += ": ".utf8
        member.value.write(to: &bytes, level: level + 1)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to bytes: inout [UInt8],
    level: Int, item write: (Item, inout [UInt8]) -> Void
  ) {
    func startLine(_ level: Int, _ bytes: inout [UInt8]) {
      bytes.append(UInt8(ascii: "\n"))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }
    bytes.append(UInt8(ascii: open))
    for (number, item) in items.enumerated() {
      if number > 0 { bytes.append(UInt8(ascii: ",")) }
      startLine(level + 1, &bytes)
      write(item, &bytes)
    }
    if !items.isEmpty { startLine(level, &bytes) }
    bytes.append(UInt8(ascii: close))
  }
}

extension JSONValue {
  /// The shortest decimal number that single precision rounds to `value`.
  static func single(_ value: Double) -> JSONValue { .number(Double("\(Float(value))") ?? value) }

  /// An object of the members that have a value.
  static func members(_ pairs: (String, JSONValue?)...) -> JSONValue {
    .object(pairs.compactMap { key, value in value.map { Member(key, $0) } })
  }

  /// The object with one member set, in its place or at the end.
  func setting(_ key: String, _ value: JSONValue) -> JSONValue {
    guard case .object(var members) = self else { return self }
    if let place = members.lastIndex(where: { $0.key == key }) {
      members[place].value = value
    } else {
      members.append(Member(key, value))
    }
    return .object(members)
  }

  /// The object without some of its members.
  func removing(_ keys: Set<String>) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !keys.contains($0.key) })
  }
}
