/// Replacements of character sequences, as SentencePiece compiles its normalization rules: a double array that finds
/// the longest sequence, and the texts that take its place.
///
/// - Source: `normalizer.cc` of SentencePiece 0.2.3; the units of the array are those of Darts-clone
///   (`darts.h`, `DoubleArrayUnit`).
struct Charsmap: Sendable, Equatable {
  private let units: [UInt32]
  /// All replacements, each ends in a null.
  private let texts: [UInt8]

  /// - Parameter blob: Byte count of the array (u32, little-endian), the array, the texts.
  init(_ blob: [UInt8]) throws(SentencePieceError) {
    guard blob.count > 4 else { throw .badCharsmap(why: "\(blob.count) bytes are too few") }
    let size = Self.word(blob, 0)
    guard size % 4 == 0, size >= 4, size < UInt32(clamping: blob.count - 4) else {
      throw .badCharsmap(why: "an array of \(size) bytes in \(blob.count)")
    }
    let start = 4 + Int(size)
    units = stride(from: 4, to: start, by: 4).map { Self.word(blob, $0) }
    texts = Array(blob[start...])
    guard texts.last == 0 else { throw .badCharsmap(why: "the last replacement has no end") }
  }

  private static func word(_ bytes: [UInt8], _ start: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
  }

  struct Match {
    /// Bytes of the text that are replaced.
    var count: Int
    /// Where the replacement starts.
    var text: Int
  }

  /// The longest, or the shortest, rule that the text starts with.
  func match(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, shortest: Bool = false
  ) -> Match? {
    units.withUnsafeBufferPointer { units in
      var node = Self.offset(units[0])
      var best: Match?
      for place in start..<end {
        node ^= Int(text[place])
        guard node < units.count, units[node] & 0x8000_00FF == UInt32(text[place]) else { break }
        let unit = units[node]
        node ^= Self.offset(unit)
        guard unit & 0x100 != 0 else { continue }
        guard node < units.count else { break }
        let value = Int(units[node] & 0x7FFF_FFFF)
        guard value < texts.count else { continue }
        best = Match(count: place + 1 - start, text: value)
        if shortest { break }
      }
      return best
    }
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int((unit >> 10) << ((unit & 0x200) >> 6))
  }

  /// The replacement that a match names.
  func replacement(_ match: Match) -> ArraySlice<UInt8> {
    let end = texts[match.text...].firstIndex(of: 0) ?? texts.count
    return texts[match.text..<end]
  }
}
