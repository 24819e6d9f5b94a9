/// One step of a compiled pattern.
struct PatternInstruction: Sendable {
  enum Operation: UInt8, Sendable {
    /// Take one scalar of set `a`.
    case one
    /// Take `a`'s scalars, `b` at least and `c` at most (-1: no limit), as many as there are; may give back.
    case span
    /// The same, and nothing is given back.
    case possessiveSpan
    /// Try `a`, later `b`.
    case split
    /// Go to `a`.
    case jump
    /// The program up to `a` must match here (`b` = 0) or must not (`b` = 1); takes nothing.
    case look
    /// The scalar before must be in set `a` (`b` = 0) or must not (`b` = 1).
    case lookBehind
    /// The program up to `a` must match, or not (`b` = 1), what ends here and starts `c` scalars before at most
    /// (-1: no limit).
    case lookBehindProgram
    /// The place must be the one that a look-behind looks back from.
    case lookedFrom
    /// The program up to `a` matches as it first can.
    case atomic
    /// Remember the place in register `a`.
    case remember
    /// When nothing was taken since register `a`, go to `b`.
    case leaveIfEmpty
    /// A place, `a` says which.
    case anchor
    /// The (sub)program matched.
    case accept
  }

  var operation: Operation
  var a: Int32 = 0
  var b: Int32 = 0
  var c: Int32 = 0
}

/// Turns the syntax of a pattern into instructions.
struct PatternCompiler {
  static let maximumInstructions = 20_000
  static let maximumAlternatives = 64

  private(set) var instructions: [PatternInstruction] = []
  private(set) var sets: [ScalarSet] = []
  private var setNumbers: [ScalarSet: Int32] = [:]

  /// Where each alternative of the pattern starts.
  private(set) var starts: [Int32] = []
  /// What each alternative can start with; nil when it can be empty or nothing is known.
  private(set) var firsts: [[ScalarSet]?] = []
  private(set) var registerCount = 0

  init(_ syntax: PatternSyntax) throws(PatternError) {
    var choices = [syntax]
    if case .alternatives(let several) = syntax, several.count <= Self.maximumAlternatives {
      choices = several
    }
    for choice in choices {
      starts.append(Int32(instructions.count))
      firsts.append(Self.first(of: choice))
      try emit(choice)
      try add(.init(operation: .accept))
    }
  }

  private mutating func add(_ instruction: PatternInstruction) throws(PatternError) {
    guard instructions.count < Self.maximumInstructions else {
      throw .tooLarge(limit: Self.maximumInstructions)
    }
    instructions.append(instruction)
  }

  private mutating func number(of set: ScalarSet) -> Int32 {
    if let known = setNumbers[set] { return known }
    let number = Int32(sets.count)
    setNumbers[set] = number
    sets.append(set)
    return number
  }

  private var here: Int32 { Int32(instructions.count) }

  private mutating func emit(_ syntax: PatternSyntax) throws(PatternError) {
    switch syntax {
    case .empty: break
    case .one(let set): try add(.init(operation: .one, a: number(of: set)))
    case .sequence(let items): for item in items { try emit(item) }
    case .alternatives(let choices): try emitAlternatives(choices)
    case .anchor(let anchor): try add(.init(operation: .anchor, a: Int32(anchor.rawValue)))
    case .lookBehind(let set, let negated):
      try add(.init(operation: .lookBehind, a: number(of: set), b: negated ? 1 : 0))
    case .look(let body, let negated): try emitNested(.look, body, flag: negated ? 1 : 0)
    case .lookBehindProgram(let body, let negated):
      let at = instructions.count
      try add(
        .init(
          operation: .lookBehindProgram, b: negated ? 1 : 0, c: body.longest.map(Int32.init) ?? -1))
      try emit(body)
      try add(.init(operation: .lookedFrom))
      try add(.init(operation: .accept))
      instructions[at].a = here
    case .atomic(let body): try emitNested(.atomic, body, flag: 0)
    case .repeated(let item, let minimum, let maximum, let greed):
      if case .one(let set) = item, greed != .lazy {
        try add(
          .init(
            operation: greed == .possessive ? .possessiveSpan : .span, a: number(of: set),
            b: Int32(minimum), c: maximum.map(Int32.init) ?? -1))
      } else if greed == .possessive {
        try emitNested(
          .atomic, .repeated(item, minimum: minimum, maximum: maximum, .greedy), flag: 0)
      } else {
        try emitLoop(item, minimum: minimum, maximum: maximum, isLazy: greed == .lazy)
      }
    }
  }

  private mutating func emitNested(
    _ operation: PatternInstruction.Operation, _ body: PatternSyntax, flag: Int32
  ) throws(PatternError) {
    let at = instructions.count
    try add(.init(operation: operation, b: flag))
    try emit(body)
    try add(.init(operation: .accept))
    instructions[at].a = here
  }

  private mutating func emitAlternatives(_ choices: [PatternSyntax]) throws(PatternError) {
    var exits: [Int] = []
    for (index, choice) in choices.enumerated() {
      guard index + 1 < choices.count else {
        try emit(choice)
        break
      }
      let fork = instructions.count
      try add(.init(operation: .split, a: here + 1))
      try emit(choice)
      exits.append(instructions.count)
      try add(.init(operation: .jump))
      instructions[fork].b = here
    }
    for exit in exits { instructions[exit].a = here }
  }

  private mutating func emitLoop(
    _ item: PatternSyntax, minimum: Int, maximum: Int?, isLazy: Bool
  ) throws(PatternError) {
    for _ in 0..<minimum { try emit(item) }
    if let maximum {
      var forks: [Int] = []
      for _ in minimum..<maximum {
        forks.append(instructions.count)
        try add(.init(operation: .split))
        try emit(item)
      }
      for fork in forks { aim(fork, into: Int32(fork) + 1, past: here, isLazy) }
    } else {
      let fork = instructions.count
      try add(.init(operation: .split))
      // An endless loop over nothing would not end.
      let register = item.canBeEmpty ? Int32(registerCount) : nil
      if let register {
        registerCount += 1
        try add(.init(operation: .remember, a: register))
      }
      try emit(item)
      let leave = instructions.count
      if let register { try add(.init(operation: .leaveIfEmpty, a: register)) }
      try add(.init(operation: .jump, a: Int32(fork)))
      if register != nil { instructions[leave].b = here }
      aim(fork, into: Int32(fork) + 1, past: here, isLazy)
    }
  }

  private mutating func aim(_ fork: Int, into body: Int32, past end: Int32, _ isLazy: Bool) {
    instructions[fork].a = isLazy ? end : body
    instructions[fork].b = isLazy ? body : end
  }

  /// The sets one of which holds the first scalar of every match; nil when a match may be empty
  /// or start with a look around.
  private static func first(of syntax: PatternSyntax) -> [ScalarSet]? {
    switch syntax {
    case .one(let set): return [set]
    case .empty, .look, .lookBehind, .lookBehindProgram, .anchor: return nil
    case .atomic(let body): return first(of: body)
    case .repeated(let item, let minimum, _, _): return minimum > 0 ? first(of: item) : nil
    case .alternatives(let choices):
      var sets: [ScalarSet] = []
      for choice in choices {
        guard let more = first(of: choice) else { return nil }
        sets += more
      }
      return sets
    case .sequence(let items):
      var sets: [ScalarSet] = []
      for item in items {
        if case .repeated(let body, 0, _, _) = item, let optional = first(of: body) {
          sets += optional
          continue
        }
        if case .look = item { continue }
        guard let more = first(of: item) else { return nil }
        return sets + more
      }
      return nil
    }
  }
}
