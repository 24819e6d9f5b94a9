/// What the steps make of one token.
extension TokenDecoder {
  /// Appends a text with something else in the place of each `old`.
  static func replace(
    _ old: [UInt8], by new: [UInt8], in text: ArraySlice<UInt8>, into bytes: inout [UInt8]
  ) {
    let step = ReplaceText(target: .text(old), content: new)
    bytes += text.withUnsafeBufferPointer { step.normalize($0) } ?? Array(text)
  }

  static func replaced(_ old: String, by new: String, in token: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    replace(Array(old.utf8), by: Array(new.utf8), in: token[...], into: &bytes)
    return bytes
  }

  static func wordPiece(
    _ token: [UInt8], _ prefix: String, _ cleansUp: Bool, isFirst: Bool
  ) -> [UInt8] {
    var text = token
    if !isFirst {
      text =
        token.starts(with: prefix.utf8) ? Array(token.dropFirst(prefix.utf8.count)) : [0x20] + token
    }
    return cleansUp ? cleanedUp(text) : text
  }

  static func ctc(
    _ token: [UInt8], _ padding: String, _ delimiter: String, _ cleansUp: Bool
  ) -> [UInt8] {
    let text = everywhere(padding, by: "", in: token)
    return cleansUp ? everywhere(delimiter, by: " ", in: cleanedUp(text)) : text
  }

  /// Removes what tokenization puts into English, one after another (`wordpiece::cleanup`).
  private static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    let artefacts = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return artefacts.reduce(text) { replaced($1.0, by: $1.1, in: $0) }
  }

  /// Replaces as `str::replace` of Rust does: an empty text is found between all characters.
  static func everywhere(_ old: String, by new: String, in token: [UInt8]) -> [UInt8] {
    guard old.isEmpty else { return replaced(old, by: new, in: token) }
    var text = Array(new.utf8)
    for (index, byte) in token.enumerated() {
      text.append(byte)
      if index + 1 == token.count || token[index + 1] & 0xC0 != 0x80 { text += new.utf8 }
    }
    return text
  }

  /// Removes `content` up to `start` times from the front, and up to `stop` times from the end.
  static func stripped(
    _ token: [UInt8], _ content: Unicode.Scalar, _ start: Int, _ stop: Int
  ) -> [UInt8] {
    let content = Array(String(content).utf8)
    var rest = token[...]
    var left = start
    while left > 0, rest.starts(with: content) {
      rest = rest.dropFirst(content.count)
      left -= 1
    }
    left = stop
    while left > 0, rest.suffix(content.count).elementsEqual(content) {
      rest = rest.dropLast(content.count)
      left -= 1
    }
    return Array(rest)
  }
}
