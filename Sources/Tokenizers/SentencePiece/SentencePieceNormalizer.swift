/// What SentencePiece does to text before it cuts it: replacements, white space, and U+2581 for spaces.
///
/// - Source: `Normalizer::Normalize` in `normalizer.cc` of SentencePiece 0.2.3.
struct SentencePieceNormalizer: NormalizerStep, Equatable {
  var charsmap: Charsmap?
  var addsDummyPrefix = true
  var removesExtraWhitespace = true
  var escapesWhitespace = true
  var treatsWhitespaceAsSuffix = false
  /// Symbols that nothing is done to, but for their spaces.
  var userDefined: PieceTrie?

  private var space: [UInt8] { escapesWhitespace ? ByteToken.space : [0x20] }

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    var place = 0
    if removesExtraWhitespace {
      while place < text.count {
        let part = part(of: text, at: place)
        guard isSpace(part, text) else { break }
        place += part.count
      }
    }
    guard place < text.count else { return output }
    output.reserveCapacity((text.count - place) * 3 / 2 + 3)
    if addsDummyPrefix, !treatsWhitespaceAsSuffix { output += space }
    var afterSpace = removesExtraWhitespace
    if charsmap == nil, userDefined == nil {
      appendPlain(text, from: place, afterSpace: &afterSpace, into: &output)
    } else {
      while place < text.count {
        let part = part(of: text, at: place)
        append(part, of: text, afterSpace: &afterSpace, into: &output)
        place += part.count
      }
    }
    if removesExtraWhitespace {
      while output.suffix(space.count).elementsEqual(space) {
        output.removeLast(space.count)
      }
    }
    if addsDummyPrefix, treatsWhitespaceAsSuffix { output += space }
    return output
  }

  /// What the next bytes of a text become.
  private struct Part {
    /// How many bytes.
    var count: Int
    /// The bytes themselves, or a replacement.
    var text: Range<Int>?
    var replacement: Charsmap.Match?
  }

  private func part(of text: UnsafeBufferPointer<UInt8>, at place: Int) -> Part {
    if let userDefined, let match = userDefined.longestMatch(in: text, at: place) {
      return Part(count: match.count, text: place..<place + match.count)
    }
    if let match = charsmap?.match(text, from: place, to: text.count) {
      return Part(count: match.count, replacement: match)
    }
    let count = min(UTF8Width.width(lead: text[place]), text.count - place)
    return Part(count: count, text: place..<place + count)
  }

  private func isSpace(_ part: Part, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    if let range = part.text { return range.count == 1 && text[range.lowerBound] == 0x20 }
    guard let charsmap, let match = part.replacement else { return false }
    return charsmap.replacement(match).elementsEqual([0x20])
  }

  private func append(
    _ part: Part, of text: UnsafeBufferPointer<UInt8>, afterSpace: inout Bool,
    into output: inout [UInt8]
  ) {
    if let range = part.text {
      append(text[range], afterSpace: &afterSpace, into: &output)
    } else if let charsmap, let match = part.replacement {
      append(charsmap.replacement(match), afterSpace: &afterSpace, into: &output)
    }
  }

  @inline(__always)
  private func append(
    _ bytes: some RandomAccessCollection<UInt8>, afterSpace: inout Bool, into output: inout [UInt8]
  ) {
    var isAfter = afterSpace
    var isEmpty = true
    var isLeading = afterSpace
    for byte in bytes {
      if byte == 0x20 {
        if isLeading { continue }
        if escapesWhitespace {
          output.append(0xE2)
          output.append(0x96)
          output.append(0x81)
        } else {
          output.append(byte)
        }
      } else {
        output.append(byte)
        isLeading = false
      }
      isEmpty = false
      isAfter = byte == 0x20
    }
    // What becomes nothing leaves open whether spaces follow on spaces.
    if !isEmpty { afterSpace = isAfter }
    if !removesExtraWhitespace { afterSpace = false }
  }

  /// Nothing but white space is looked at.
  private func appendPlain(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, afterSpace: inout Bool,
    into output: inout [UInt8]
  ) {
    for byte in text[start...] {
      guard byte == 0x20 else {
        output.append(byte)
        afterSpace = false
        continue
      }
      if afterSpace { continue }
      output += space
      afterSpace = removesExtraWhitespace
    }
  }
}
