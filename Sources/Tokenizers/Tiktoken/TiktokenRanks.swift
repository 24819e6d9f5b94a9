/// The tokens of a tiktoken file: a line for each, its bytes in base64 and its rank.
///
/// Ranks are both token ids and the order of merges: of all pairs of neighbours, those first whose bytes
/// together have the lowest rank.
///
/// - Source: `load_tiktoken_bpe` of the `tiktoken` library, 0.14.
package struct TiktokenRanks: Sendable {
  /// The texts by rank, bytes spelled in the alphabet of byte-level vocabularies; gaps cannot be found.
  let texts: ByteTable
  /// Whether a rank has a text.
  private let isUsed: [Bool]

  /// One more than the highest rank.
  package var count: Int { isUsed.count }

  /// How many tokens there are.
  let tokenCount: Int

  /// The first id that no text has.
  var firstFree: Int { isUsed.firstIndex(of: false) ?? count }

  func isFree(_ id: Int) -> Bool { id >= count || !isUsed[id] }

  /// - Throws: `TokenizerError` with the number of the line.
  package init(parsing bytes: [UInt8]) throws(TokenizerError) {
    var lines = TiktokenLines(bytes)
    var found: [(rank: Int, line: Int, bytes: [UInt8])] = []
    while let line = try lines.next() { found.append(line) }
    found.sort { ($0.rank, $0.line) < ($1.rank, $1.line) }
    var texts = ByteTable(minimumCapacity: found.count)
    var isUsed: [Bool] = []
    var spelling: [UInt8] = []
    for entry in found {
      guard entry.rank >= isUsed.count else {
        throw .duplicateRank(entry.rank, line: entry.line)
      }
      while isUsed.count < entry.rank {
        texts.appendHidden()
        isUsed.append(false)
      }
      entry.bytes.withUnsafeBufferPointer { ByteAlphabet.encode($0, into: &spelling) }
      if let first = spelling.withUnsafeBufferPointer({ texts.append($0) }) {
        throw .duplicateToken(
          text: String(decoding: spelling, as: UTF8.self), first: first, second: entry.rank)
      }
      isUsed.append(true)
    }
    for (byte, text) in ByteAlphabet.texts.enumerated() {
      guard text.withUnsafeBufferPointer({ texts.number(of: $0) }) != nil else {
        throw .missingByte(UInt8(byte))
      }
    }
    self.texts = texts
    self.isUsed = isUsed
    tokenCount = found.count
  }

  /// Whether the bytes begin as such a file does: some base64, a space, a number.
  package static func isLikely(_ bytes: some Collection<UInt8>) -> Bool {
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard line.count < 1024 else { return false }
    var lines = TiktokenLines(Array(line))
    return (try? lines.next()) != nil
  }
}

/// The lines of a tiktoken file that hold something.
private struct TiktokenLines {
  private let bytes: [UInt8]
  private var place = 0
  private var number = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() throws(TokenizerError) -> (rank: Int, line: Int, bytes: [UInt8])? {
    while place < bytes.count {
      let rest = bytes[place...]
      let end = rest.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
      let line = rest[..<(end ?? bytes.count)]
      place = (end ?? bytes.count) + 1
      let isReturn = end.map { bytes[$0] == UInt8(ascii: "\r") } ?? false
      if isReturn, place < bytes.count, bytes[place] == UInt8(ascii: "\n") { place += 1 }
      number += 1
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      guard !words.isEmpty else { continue }
      guard words.count == 2 else {
        throw .malformedRank(line: number, expected: "a token in base64 and its rank")
      }
      guard let token = Base64.decode(words[0]) else {
        throw .malformedRank(line: number, expected: "a token in base64")
      }
      return (try rank(words[1]), number, token)
    }
    return nil
  }

  private func rank(_ digits: ArraySlice<UInt8>) throws(TokenizerError) -> Int {
    let isNumber = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isNumber, let rank = Int(String(decoding: digits, as: UTF8.self)),
      rank < Vocabulary.maximumCount
    else {
      throw .malformedRank(
        line: number, expected: "a rank from 0 to \(Vocabulary.maximumCount - 1)")
    }
    return rank
  }
}

/// Base64 as RFC 4648 has it, with padding.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// The value of each letter; 64 where there is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 64, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  /// - Returns: `nil` for anything that is not exactly the base64 of some bytes.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let letters = text.suffix(2).contains(padding) ? text.prefix { $0 != padding } : text
    let padded = text.count - letters.count
    guard !text.isEmpty, text.count % 4 == 0, padded <= 2,
      text.suffix(padded).allSatisfy({ $0 == padding })
    else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var bitCount = 0
    for letter in letters {
      let value = values[Int(letter)]
      guard value < 64 else { return nil }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      guard bitCount >= 8 else { continue }
      bitCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      bits &= (1 << UInt32(bitCount)) - 1
    }
    return bits == 0 ? bytes : nil
  }

  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      bitCount += 8
      while bitCount >= 6 {
        bitCount -= 6
        text.append(alphabet[Int(bits >> UInt32(bitCount)) & 63])
      }
      bits &= (1 << UInt32(bitCount)) - 1
    }
    if bitCount > 0 { text.append(alphabet[Int(bits << UInt32(6 - bitCount)) & 63]) }
    while text.count % 4 != 0 { text.append(padding) }
    return text
  }
}
