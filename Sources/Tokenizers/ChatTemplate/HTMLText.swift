/// Text that HTML can hold, and text out of HTML, as the `markupsafe` package makes them.
enum HTMLText {
  /// The text of a value with `& < > ' "` as entities; a safe string as it is.
  static func escaped(_ value: JinjaValue) -> String {
    if case .markup(let text) = value { return text }
    return escaped(PythonText.string(value))
  }

  static func escaped(_ text: String) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): result += Array("&amp;".utf8)
      case UInt8(ascii: "<"): result += Array("&lt;".utf8)
      case UInt8(ascii: ">"): result += Array("&gt;".utf8)
      case UInt8(ascii: "'"): result += Array("&#39;".utf8)
      case UInt8(ascii: "\""): result += Array("&#34;".utf8)
      default: result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The text without tags and comments, runs of white space as one space, the commonest entities as characters.
  static func withoutTags(_ text: String) -> String {
    var kept = ""
    var start = text.startIndex
    while let open = ScalarText.firstRange(of: "<", in: text, from: start) {
      let isComment = text[open.lowerBound...].utf8.starts(with: "<!--".utf8)
      let from = isComment ? text.utf8.index(open.upperBound, offsetBy: 3) : open.upperBound
      guard let close = ScalarText.firstRange(of: isComment ? "-->" : ">", in: text, from: from)
      else { break }
      kept += text[start..<open.lowerBound]
      start = close.upperBound
    }
    kept += text[start...]
    return unescaped(ScalarText.words(kept, limit: -1).joined(separator: " "))
  }

  private static func unescaped(_ text: String) -> String {
    let pairs = [
      ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#34;", "\""), ("&quot;", "\""),
      ("&amp;", "&"),
    ]
    return pairs.reduce(text) { ScalarText.replace($0, $1.0, with: $1.1, limit: -1) }
  }
}
