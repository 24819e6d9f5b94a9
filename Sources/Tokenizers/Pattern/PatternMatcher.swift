/// Finds the matches of a pattern in one piece of UTF-8 text.
///
/// What lies outside the piece is not seen: look-arounds and anchors take its ends for the ends of the text.
///
/// The work of one matcher is bounded by a budget in proportion to the text that it is given; a pattern
/// that backtracks beyond it finds nothing more, and the rest of the text stays in one piece.
struct PatternMatcher {
  private struct Frame {
    var program: Int
    /// Where the frame's span may not shrink further; -1 for a plain choice.
    var low: Int
    var position: Int
  }

  /// Instructions and steps back per byte of text, and for each piece.
  static let stepsPerByte = 64
  static let stepsPerPiece = 4096

  /// What a matcher points to before `begin`; with `start == end` it is not read.
  nonisolated(unsafe) private static let nothing = UnsafePointer(
    UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

  private var frames: [Frame] = []
  private var budget = 0
  private let pattern: Pattern
  private var text: UnsafePointer<UInt8>
  private var start = 0
  private var end = 0
  /// Where the last match ended; -1 before the first.
  private var lastEnd = -1
  /// Where look-behinds look back from.
  private var lookedFrom = 0
  private var registers: [Int]

  init(_ pattern: Pattern) {
    self.pattern = pattern
    text = Self.nothing
    registers = [Int](repeating: -1, count: pattern.registerCount)
    frames.reserveCapacity(64)
  }

  /// Turns to a piece of a text; the text must live until the last `next`.
  mutating func begin(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) {
    guard let base = text.baseAddress else { return }
    self.text = base
    self.start = start
    self.end = end
    lastEnd = -1
    budget = Self.stepsPerPiece + Self.stepsPerByte * (end - start)
  }

  /// The next match, as its two ends. It may be empty, but not where the one before ended: then the search goes on a
  /// scalar further (`FindMatches` of the `onig` crate).
  mutating func next() -> (from: Int, to: Int)? {
    var at = max(lastEnd, start)
    while let match = search(from: at) {
      if match.to > match.from || match.to != lastEnd {
        lastEnd = match.to
        return match
      }
      guard match.to < end else { return nil }
      at = after(match.to)
    }
    return nil
  }

  private mutating func search(from position: Int) -> (from: Int, to: Int)? {
    var at = position
    let candidates = pattern.candidates
    while at < end {
      var open = candidates[Int(text[at])]
      while open != 0 {
        let index = open.trailingZeroBitCount
        open &= open - 1
        frames.removeAll(keepingCapacity: true)
        let found = run(Int(pattern.starts[index]), at)
        if found >= 0 { return (at, found) }
      }
      guard budget > 0 else { return nil }
      at = after(at)
    }
    var open = pattern.candidatesAtEnd
    while open != 0 {
      let index = open.trailingZeroBitCount
      open &= open - 1
      frames.removeAll(keepingCapacity: true)
      if run(Int(pattern.starts[index]), end) >= 0 { return (end, end) }
    }
    return nil
  }

  // MARK: The machine

  /// Where the program that starts at `entry` ends its match at `position`; -1 when it does not match.
  private mutating func run(_ entry: Int, _ position: Int) -> Int {
    let floor = frames.count
    let instructions = pattern.instructions
    var program = entry
    var at = position
    while true {
      budget -= 1
      let instruction = instructions[program]
      var goesOn = true
      switch instruction.operation {
      case .accept:
        frames.removeLast(frames.count - floor)
        return at
      case .one:
        if at < end, contains(Int(instruction.a), at) { at = after(at) } else { goesOn = false }
      case .span, .possessiveSpan:
        goesOn = takeSpan(instruction, program, &at)
      case .split:
        frames.append(Frame(program: Int(instruction.b), low: -1, position: at))
        program = Int(instruction.a) - 1
      case .jump: program = Int(instruction.a) - 1
      case .look:
        let matched = run(program + 1, at) >= 0
        goesOn = matched == (instruction.b == 0)
        program = Int(instruction.a) - 1
      case .atomic:
        let reached = run(program + 1, at)
        goesOn = reached >= 0
        if goesOn { at = reached }
        program = Int(instruction.a) - 1
      case .lookBehindProgram:
        goesOn = looksBack(program + 1, at, Int(instruction.c)) == (instruction.b == 0)
        program = Int(instruction.a) - 1
      case .lookedFrom: goesOn = at == lookedFrom
      case .remember:
        let register = Int(instruction.a)
        frames.append(Frame(program: -1 - register, low: -1, position: registers[register]))
        registers[register] = at
      case .leaveIfEmpty:
        if registers[Int(instruction.a)] == at { program = Int(instruction.b) - 1 }
      case .lookBehind:
        let isThere = at > start && contains(Int(instruction.a), before(at))
        goesOn = isThere == (instruction.b == 0)
      case .anchor: goesOn = holds(instruction.a, at)
      }
      if goesOn, budget > 0 {
        program += 1
      } else {
        guard budget > 0, let next = stepBack(to: floor) else {
          frames.removeLast(frames.count - floor)
          return -1
        }
        (program, at) = next
      }
    }
  }

  /// Whether the program matches something that ends at `at` and has `longest` scalars at most.
  private mutating func looksBack(_ entry: Int, _ at: Int, _ longest: Int) -> Bool {
    let outer = lookedFrom
    defer { lookedFrom = outer }
    lookedFrom = at
    var from = at
    var count = 0
    while true {
      if run(entry, from) >= 0 { return true }
      guard from > start, count != longest, budget > 0 else { return false }
      from = before(from)
      count += 1
    }
  }

  /// Takes as many scalars as the span allows, and notes how far they can be given back.
  @inline(__always)
  private mutating func takeSpan(
    _ instruction: PatternInstruction, _ program: Int, _ at: inout Int
  ) -> Bool {
    let set = Int(instruction.a)
    var count = 0
    let minimum = Int(instruction.b)
    let maximum = instruction.c < 0 ? Int.max : Int(instruction.c)
    var low = at
    while count < maximum, at < end, contains(set, at) {
      at = after(at)
      count += 1
      if count == minimum { low = at }
    }
    budget -= count >> 2
    guard count >= minimum else { return false }
    if at > low, instruction.operation == .span {
      frames.append(Frame(program: program + 1, low: low, position: at))
    }
    return true
  }

  private mutating func stepBack(to floor: Int) -> (program: Int, at: Int)? {
    while frames.count > floor {
      let last = frames.count - 1
      let frame = frames[last]
      if frame.program < 0 {
        registers[-1 - frame.program] = frame.position
        frames.removeLast()
        continue
      }
      guard frame.low >= 0 else {
        frames.removeLast()
        return (frame.program, frame.position)
      }
      let position = before(frame.position)
      if position > frame.low {
        frames[last].position = position
      } else {
        frames.removeLast()
      }
      return (frame.program, position)
    }
    return nil
  }

  private func holds(_ anchor: Int32, _ at: Int) -> Bool {
    switch PatternSyntax.Anchor(rawValue: UInt8(anchor)) {
    case .start: at == start
    case .end: at == end
    case .endOrFinalNewline: at == end || (at == end - 1 && text[at] == 0x0A)
    case .lineStart: at == start || (text[at - 1] == 0x0A && at < end)
    case .lineEnd: at == end || text[at] == 0x0A
    case .wordEdge: isWordEdge(at)
    case .notWordEdge: !isWordEdge(at)
    case nil: false
    }
  }

  private func isWordEdge(_ at: Int) -> Bool {
    let left = at > start && isWord(before(at))
    let right = at < end && isWord(at)
    return left != right
  }

  private func isWord(_ at: Int) -> Bool {
    PatternClass.wordPages.bit(scalar(at))
  }

  // MARK: Scalars

  @inline(__always)
  private func contains(_ number: Int, _ at: Int) -> Bool {
    let byte = text[at]
    let set = pattern.sets.baseAddress.unsafelyUnwrapped + number
    if byte < 64 { return (set.pointee.asciiLow >> UInt64(byte)) & 1 != 0 }
    if byte < 128 { return (set.pointee.asciiHigh >> UInt64(byte - 64)) & 1 != 0 }
    return set.pointee.pages._withUnsafeGuaranteedRef { $0.bit(scalar(at)) }
  }

  /// The scalar that starts at `at`. The text is UTF-8 of a string, so it is well formed.
  @inline(__always)
  private func scalar(_ at: Int) -> UInt32 {
    let lead = UInt32(text[at])
    if lead < 0x80 { return lead }
    let second = UInt32(text[at + 1] & 0x3F)
    if lead < 0xE0 { return (lead & 0x1F) << 6 | second }
    let third = UInt32(text[at + 2] & 0x3F)
    if lead < 0xF0 { return (lead & 0x0F) << 12 | second << 6 | third }
    return (lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[at + 3] & 0x3F)
  }

  @inline(__always)
  private func after(_ at: Int) -> Int {
    let lead = text[at]
    return at + (lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4)
  }

  @inline(__always)
  private func before(_ at: Int) -> Int {
    var position = at - 1
    while text[position] & 0xC0 == 0x80 { position -= 1 }
    return position
  }
}
