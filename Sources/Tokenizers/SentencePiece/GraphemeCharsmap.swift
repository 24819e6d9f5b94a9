import Foundation

/// The replacements of SentencePiece as the `tokenizers` library applies them (`Precompiled`): to each short grapheme
/// cluster as a whole, else to each character, and of several rules that the start of such a part has, the one for the
/// least of it decides about all of it.
///
/// - Source: `normalizers/precompiled.rs` of `tokenizers` 0.23 and `spm_precompiled` 0.1.4.
struct GraphemeCharsmap: NormalizerStep {
  /// Clusters of so many bytes are looked up by their characters alone.
  private static let longCluster = 6

  private let charsmap: Charsmap

  /// - Parameter base64: The table as a `tokenizer.json` has it.
  init(base64: String) throws(TokenizerError) {
    guard let blob = Data(base64Encoded: base64) else {
      throw .malformedSentencePiece(.badCharsmap(why: "the text is no Base64"))
    }
    do {
      charsmap = try Charsmap(Array(blob))
    } catch {
      throw .malformedSentencePiece(error)
    }
  }

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      let end = Self.clusterEnd(text, place)
      if end - place >= Self.longCluster || !replace(text, place..<end, &output) {
        appendCharacters(text, place..<end, &output)
      }
      place = end
    }
    return output
  }

  private func appendCharacters(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ output: inout [UInt8]
  ) {
    var place = range.lowerBound
    while place < range.upperBound {
      let end = min(place + UTF8Width.width(lead: text[place]), range.upperBound)
      if !replace(text, place..<end, &output) { output += text[place..<end] }
      place = end
    }
  }

  private func replace(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ output: inout [UInt8]
  ) -> Bool {
    guard
      let match = charsmap.match(text, from: range.lowerBound, to: range.upperBound, shortest: true)
    else { return false }
    output += charsmap.replacement(match)
    return true
  }

  /// Where the grapheme cluster that starts at a place ends. Characters below U+0300 are clusters by themselves, but
  /// for a carriage return before a line feed.
  private static func clusterEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    let end = min(start + UTF8Width.width(lead: text[start]), text.count)
    guard end < text.count else { return end }
    if text[start] < 0xCC, text[end] < 0xCC {
      return text[start] == 0x0D && text[end] == 0x0A ? end + 1 : end
    }
    // A cluster may be of any length; one that is longer than what is looked at is a long one at any rate.
    var limit = min(start + 64, text.count)
    while limit < text.count, text[limit] & 0xC0 == 0x80 { limit += 1 }
    while true {
      let window = String(decoding: text[start..<limit], as: UTF8.self)
      let count = window.first?.utf8.count ?? end - start
      if start + count < limit || limit == text.count { return min(start + count, text.count) }
      limit = min(start + 4 * (limit - start), text.count)
      while limit < text.count, text[limit] & 0xC0 == 0x80 { limit += 1 }
    }
  }
}
