/// Puts a text in the place of each match of another, or of a pattern.
struct ReplaceText: NormalizerStep {
  enum Target: Sendable {
    case text([UInt8])
    case pattern(Pattern)
  }

  var target: Target
  var content: [UInt8]

  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    switch target {
    case .text(let old): replace(old, in: text)
    case .pattern(let pattern): replace(pattern, in: text)
    }
  }

  private func replace(_ old: [UInt8], in text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let first = old.first else { return nil }
    var replaced: [UInt8]?
    var done = 0
    var at = 0
    while at + old.count <= text.count {
      guard text[at] == first, text[at..<at + old.count].elementsEqual(old) else {
        at += 1
        continue
      }
      if replaced == nil { replaced = [] }
      replaced?.append(contentsOf: text[done..<at])
      replaced?.append(contentsOf: content)
      at += old.count
      done = at
    }
    replaced?.append(contentsOf: text[done...])
    return replaced
  }

  private func replace(_ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard !text.isEmpty else { return nil }
    var matcher = PatternMatcher(pattern)
    matcher.begin(text, from: 0, to: text.count)
    var replaced: [UInt8] = []
    var done = 0
    var hasMatched = false
    while let match = matcher.next() {
      hasMatched = true
      replaced.append(contentsOf: text[done..<match.from])
      replaced.append(contentsOf: content)
      done = match.to
    }
    guard hasMatched else { return nil }
    replaced.append(contentsOf: text[done...])
    return replaced
  }

  /// What replaces a match is taken to come from the last scalar of it.
  func origin(_ text: UnsafeBufferPointer<UInt8>, _ origin: Int) -> Int {
    guard let first = text.first, origin > 0 else { return 0 }
    guard let match = firstMatch(in: text), match.lowerBound == 0, !match.isEmpty else {
      return origin
    }
    return match.upperBound <= max(origin, UTF8Text.width(first)) ? content.count : 0
  }

  private func firstMatch(in text: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    switch target {
    case .text(let old): return !old.isEmpty && text.starts(with: old) ? 0..<old.count : nil
    case .pattern(let pattern):
      var matcher = PatternMatcher(pattern)
      matcher.begin(text, from: 0, to: text.count)
      return matcher.next().map { $0.from..<$0.to }
    }
  }
}
