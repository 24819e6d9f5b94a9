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
  ///
  /// - Parameter origin: How many bytes at the front come from the first byte of the whole text that is encoded;
  ///   what starts there is where the text starts.
  package mutating func split(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int = 1, word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard !text.isEmpty else { return }
    run(0, text, 0, text.count, origin, word)
  }

  private mutating func run(
    _ stage: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ origin: Int,
    _ word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard start < end else { return }
    guard stage < stages.count else {
      word(UnsafeBufferPointer(rebasing: text[start..<end]))
      return
    }
    switch stages[stage] {
    case .split(_, .isolated, _):
      guard var matcher = matchers[stage].take() else { return }
      matcher.begin(text, from: start, to: end)
      var done = start
      while let match = matcher.next() {
        run(stage + 1, text, done, match.from, origin, word)
        run(stage + 1, text, match.from, match.to, origin, word)
        done = match.to
      }
      matchers[stage] = matcher
      run(stage + 1, text, done, end, origin, word)
    case .split(_, let behavior, let inverted):
      for piece in behavior.pieces(of: matches(stage, text, start, end, inverted)) {
        run(stage + 1, text, piece.lowerBound, piece.upperBound, origin, word)
      }
    case .prefixSpace:
      guard text[start] != 0x20 else { return run(stage + 1, text, start, end, origin, word) }
      runChanged(
        stage, [0x20] + text[start..<end], origin - start > 0 ? origin - start + 1 : 0, word)
    case .alphabet:
      let from = max(0, min(origin, end) - start)
      let spelled = ByteAlphabet.encode(text[start..<start + from])
      let count = spelled.count
      runChanged(stage, spelled + ByteAlphabet.encode(text[start + from..<end]), count, word)
    case .metaspace(let space):
      runSpaced(
        stage, space, UnsafeBufferPointer(rebasing: text[start..<end]), origin - start, word)
    case .scripts: cutAtScripts(stage, text, start, end, origin, word)
    case .fixedLength(let count):
      var from = start
      while from < end {
        let to = UTF8Text.index(from, after: count, in: text, limit: end)
        run(stage + 1, text, from, to, origin, word)
        from = to
      }
    }
  }

  /// Goes on with a text of its own.
  private mutating func runChanged(
    _ stage: Int, _ changed: [UInt8], _ origin: Int, _ word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    changed.withUnsafeBufferPointer { run(stage + 1, $0, 0, $0.count, origin, word) }
  }

  private mutating func matches(
    _ stage: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ inverted: Bool
  ) -> [(range: Range<Int>, isMatch: Bool)] {
    guard var matcher = matchers[stage].take() else { return [] }
    defer { matchers[stage] = matcher }
    matcher.begin(text, from: start, to: end)
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var done = start
    while let match = matcher.next() {
      if match.from > done { parts.append((done..<match.from, inverted)) }
      parts.append((match.from..<match.to, !inverted))
      done = match.to
    }
    if done < end { parts.append((done..<end, inverted)) }
    return parts
  }

  // MARK: Metaspace

  private mutating func runSpaced(
    _ stage: Int, _ space: PreTokenizer.Metaspace, _ piece: UnsafeBufferPointer<UInt8>,
    _ origin: Int, _ word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    let mark = space.replacement
    var spaced: [UInt8] = []
    spaced.reserveCapacity(piece.count + piece.count / 4 + mark.count)
    let startsWithSpace = piece.first == 0x20 || piece.starts(with: mark)
    let isPrefixed =
      !startsWithSpace && (space.scheme == .always || space.scheme == .first && origin > 0)
    if isPrefixed { spaced += mark }
    var newOrigin = 0
    for (index, byte) in piece.enumerated() {
      if index == origin { newOrigin = spaced.count }
      if byte == 0x20 { spaced += mark } else { spaced.append(byte) }
    }
    if origin >= piece.count { newOrigin = spaced.count }
    spaced.withUnsafeBufferPointer { spaced in
      guard space.cuts else { return run(stage + 1, spaced, 0, spaced.count, newOrigin, word) }
      var from = 0
      var at = 1
      while at < spaced.count {
        if spaced[at] == mark[0], spaced[at...].starts(with: mark) {
          run(stage + 1, spaced, from, at, newOrigin, word)
          from = at
        }
        at += 1
      }
      run(stage + 1, spaced, from, spaced.count, newOrigin, word)
    }
  }

  // MARK: Scripts

  private mutating func cutAtScripts(
    _ stage: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ origin: Int,
    _ word: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    // What comes before the first scalar of any script is dropped, as the library does.
    var from: Int?
    var last: Script?
    var at = start
    while at < end {
      let script = Script.forSplitting(UTF8Text.scalar(text, at))
      if let script, script != last {
        if let from { run(stage + 1, text, from, at, origin, word) }
        from = at
        last = script
      }
      at += UTF8Text.width(text[at])
    }
    if let from { run(stage + 1, text, from, end, origin, word) }
  }
}

extension PreTokenizer.Behavior {
  /// What becomes of matches and what lies between, in order.
  func pieces(of parts: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
    switch self {
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .isolated: return parts.map(\.range)
    case .contiguous: return Self.joined(parts) { $0 == $1 }
    case .mergedWithPrevious: return Self.joined(parts) { $1 && !$0 }
    case .mergedWithNext: return Self.joined(parts.reversed()) { $1 && !$0 }.reversed()
    }
  }

  /// Joins a part with the one before where `joins` says so of what they are.
  private static func joined(
    _ parts: [(range: Range<Int>, isMatch: Bool)], _ joins: (_ before: Bool, _ now: Bool) -> Bool
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var before = false
    for part in parts {
      if joins(before, part.isMatch), let last = pieces.popLast() {
        pieces.append(
          min(last.lowerBound, part.range.lowerBound)..<max(last.upperBound, part.range.upperBound))
      } else {
        pieces.append(part.range)
      }
      before = part.isMatch
    }
    return pieces
  }
}
