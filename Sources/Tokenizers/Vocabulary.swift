internal import GGUF

/// The tokens of a vocabulary: their texts as the file spells them, and their kinds.
struct Vocabulary: Sendable {
  /// What a token is for. The numbers are those of `tokenizer.ggml.token_type`.
  enum Kind: UInt8, Sendable {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Whether the token is left out of plain text and needs `parseSpecial` to be read from it.
    var isSpecial: Bool { self == .control || self == .unknown }
  }

  /// More tokens than any vocabulary has; a bound on what a file can make us allocate.
  static let maximumCount = 1 << 22

  private(set) var texts: ByteTable
  var kinds: [Kind] = []
  /// Ids that no text has.
  private(set) var holes: Set<Int32> = []

  init(minimumCapacity: Int) {
    texts = ByteTable(minimumCapacity: minimumCapacity)
    kinds.reserveCapacity(minimumCapacity)
  }

  /// The texts of a list by their places in it, one kind for each.
  init(_ list: GGUFTextList, kinds: [Kind]) throws(TokenizerError) {
    guard list.count <= Self.maximumCount else {
      throw .idOutOfRange(key: "vocabulary", id: Self.maximumCount, limit: Self.maximumCount)
    }
    var clash: (Int, Int)?
    let texts = ByteTable(list) { clash = clash ?? ($0, $1) }
    if let (first, second) = clash {
      throw .duplicateToken(
        text: String(decoding: texts[first], as: UTF8.self), first: first, second: second)
    }
    self.texts = texts
    self.kinds = kinds
  }

  var count: Int { kinds.count }

  func id(of text: String) -> Int32? { texts.number(of: text).map(Int32.init) }

  func text(of id: Int32) -> ArraySlice<UInt8>? {
    id >= 0 && Int(id) < count ? texts[Int(id)] : nil
  }

  /// Adds a token with the next id.
  mutating func append(_ text: String, kind: Kind) throws(TokenizerError) {
    guard count < Self.maximumCount else {
      throw .idOutOfRange(key: "vocabulary", id: count, limit: Self.maximumCount)
    }
    var text = text
    if let first = text.withUTF8({ texts.append($0) }) {
      throw .duplicateToken(text: text, first: first, second: count)
    }
    kinds.append(kind)
  }

  /// Adds an id that no text has.
  mutating func appendUnused() {
    texts.appendHidden()
    holes.insert(Int32(kinds.count))
    kinds.append(.unused)
  }
}

/// The 256 printable characters that byte-level vocabularies spell bytes with.
///
/// Printable Latin-1 stands for itself; the other bytes, in order, are the scalars from U+0100 on
/// (`bytes_to_unicode` of the GPT-2 release).
enum ByteAlphabet {
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? " "
      }
    }
  }()

  /// By scalar value, the byte; -1 where there is none.
  private static let byteOfScalar: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x180)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
    return bytes
  }()

  /// The text of each byte.
  static let texts: [[UInt8]] = scalars.map { Array(String($0).utf8) }

  /// Appends the bytes that a text of the alphabet spells; false, and nothing, when a character is
  /// outside it.
  static func decode(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) -> Bool {
    let start = bytes.count
    var index = text.startIndex
    while index < text.endIndex {
      var value = Int(text[index])
      index += 1
      if value >= 0x80 {
        // Two-byte sequences reach U+07FF, beyond the alphabet.
        guard (0xC2...0xDF).contains(value), index < text.endIndex, text[index] & 0xC0 == 0x80
        else { break }
        value = (value & 0x1F) << 6 | Int(text[index] & 0x3F)
        index += 1
      }
      guard value < byteOfScalar.count, byteOfScalar[value] >= 0 else { break }
      bytes.append(UInt8(byteOfScalar[value]))
      if index == text.endIndex { return true }
    }
    bytes.removeLast(bytes.count - start)
    return text.isEmpty
  }

  static func encode(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 4)
    for byte in bytes { text.append(contentsOf: texts[Int(byte)]) }
    return text
  }

  static func encode(_ bytes: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) {
    text.removeAll(keepingCapacity: true)
    for byte in bytes {
      let value = scalars[Int(byte)].value
      if value < 0x80 {
        text.append(UInt8(value))
      } else {
        text.append(UInt8(0xC0 | value >> 6))
        text.append(UInt8(0x80 | value & 0x3F))
      }
    }
  }
}
