/// Cuts text into the words that are encoded one by one.
package struct PreTokenizer: Sendable {
  /// What becomes of the matches of a pattern (`SplitDelimiterBehavior` of the `tokenizers` library).
  package enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  package enum Stage: Sendable {
    case split(Pattern, Behavior, inverted: Bool)
    /// A piece that does not start with a space gets one.
    case prefixSpace
  }

  /// Each stage cuts the pieces of the one before.
  var stages: [Stage]

  /// The pattern of GPT-2, which `ByteLevel` applies on its own (`tokenizers`, pre_tokenizers/byte_level.rs).
  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Stages that keep matches and what lies between as pieces of their own.
  package init(isolating patterns: [String]) throws(TokenizerError) {
    stages = []
    for source in patterns {
      stages.append(.split(try Self.compile(source), .isolated, inverted: false))
    }
  }

  package init(stages: [Stage]) { self.stages = stages }

  package static func compile(_ source: String) throws(TokenizerError) -> Pattern {
    do {
      return try Pattern(source)
    } catch {
      throw .badPattern(pattern: source, why: String(describing: error))
    }
  }
}

/// The pieces of one text, stage by stage, down to the words.
package struct WordSplitter {
  private let stages: [PreTokenizer.Stage]
  private var matchers: [PatternMatcher?]

  package init(_ preTokenizer: PreTokenizer) {
    stages = preTokenizer.stages
    matchers = stages.map {
      if case .split(let pattern, _, _) = $0 { PatternMatcher(pattern) } else { nil }
    }
  }

  /// Calls `word` with every word of the text, in order.
  package mutating func split(
    _ text: UnsafeBufferPointer<UInt8>, word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard !text.isEmpty else { return }
    run(0, text, 0, text.count, word)
  }

  private mutating func run(
    _ stage: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int,
    _ word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard start < end else { return }
    guard stage < stages.count else {
      word(UnsafeBufferPointer(rebasing: text[start..<end]))
      return
    }
    switch stages[stage] {
    case .prefixSpace:
      guard text[start] != 0x20 else { return run(stage + 1, text, start, end, word) }
      let spaced = [0x20] + text[start..<end]
      spaced.withUnsafeBufferPointer { run(stage + 1, $0, 0, $0.count, word) }
    case .split(_, .isolated, false):
      guard var matcher = matchers[stage].take() else { return }
      matcher.begin(text, from: start, to: end)
      var done = start
      while let match = matcher.next(from: done) {
        run(stage + 1, text, done, match.from, word)
        run(stage + 1, text, match.from, match.to, word)
        done = match.to
      }
      matchers[stage] = matcher
      run(stage + 1, text, done, end, word)
    case .split(_, let behavior, let inverted):
      for piece in pieces(stage, text, start, end, behavior, inverted) {
        run(stage + 1, text, piece.lowerBound, piece.upperBound, word)
      }
    }
  }

  private mutating func pieces(
    _ stage: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int,
    _ behavior: PreTokenizer.Behavior, _ inverted: Bool
  ) -> [Range<Int>] {
    guard var matcher = matchers[stage].take() else { return [] }
    defer { matchers[stage] = matcher }
    matcher.begin(text, from: start, to: end)
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var done = start
    while let match = matcher.next(from: done) {
      if match.from > done { parts.append((done..<match.from, inverted)) }
      parts.append((match.from..<match.to, !inverted))
      done = match.to
    }
    if done < end { parts.append((done..<end, inverted)) }
    var pieces: [Range<Int>] = []
    var joinsLast = false
    for part in behavior == .mergedWithNext ? parts.reversed() : parts {
      switch behavior {
      case .removed: if !part.isMatch { pieces.append(part.range) }
      case .isolated: pieces.append(part.range)
      case .contiguous:
        if part.isMatch, joinsLast, let last = pieces.popLast() {
          pieces.append(last.lowerBound..<part.range.upperBound)
        } else {
          pieces.append(part.range)
        }
        joinsLast = part.isMatch
      case .mergedWithPrevious, .mergedWithNext:
        if part.isMatch, joinsLast, let last = pieces.popLast() {
          pieces.append(
            min(
              last.lowerBound, part.range.lowerBound)..<max(
                last.upperBound, part.range.upperBound))
        } else {
          pieces.append(part.range)
        }
        joinsLast = !part.isMatch
      }
    }
    return behavior == .mergedWithNext ? pieces.reversed() : pieces
  }
}
