/// Removes white space at the ends.
struct StripSpace: NormalizerStep {
  var left: Bool
  var right: Bool

  private static let pages = ScalarPages.bits { ScalarProperty.whiteSpace.contains($0) }

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var start = 0
    var end = text.count
    if left {
      while start < end, Self.pages.bit(UTF8Text.scalar(text, start)) {
        start += UTF8Text.width(text[start])
      }
    }
    if right {
      while end > start, case let at = UTF8Text.before(end, text),
        Self.pages.bit(UTF8Text.scalar(text, at))
      { end = at }
    }
    return start == 0 && end == text.count ? nil : Array(text[min(start, end)..<end])
  }
}

/// Puts a text before one that is not empty.
struct PrependText: NormalizerStep {
  var prefix: [UInt8]

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    text.isEmpty || prefix.isEmpty ? nil : prefix + text
  }
}
