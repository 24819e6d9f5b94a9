/// What a regular expression says, before it becomes a program.
indirect enum PatternSyntax: Sendable {
  enum Greed: Sendable { case greedy, lazy, possessive }
  enum Anchor: UInt8, Sendable {
    case start, end, endOrFinalNewline, lineStart, lineEnd, wordEdge, notWordEdge
  }

  case empty
  case one(ScalarSet)
  case sequence([PatternSyntax])
  case alternatives([PatternSyntax])
  case repeated(PatternSyntax, minimum: Int, maximum: Int?, Greed)
  case look(PatternSyntax, negated: Bool)
  case lookBehind(ScalarSet, negated: Bool)
  case lookBehindProgram(PatternSyntax, negated: Bool)
  case atomic(PatternSyntax)
  case anchor(Anchor)

  var canBeEmpty: Bool {
    switch self {
    case .one: false
    case .empty, .look, .lookBehind, .lookBehindProgram, .anchor: true
    case .sequence(let items): items.allSatisfy(\.canBeEmpty)
    case .alternatives(let choices): choices.contains(where: \.canBeEmpty)
    case .repeated(let item, let minimum, _, _): minimum == 0 || item.canBeEmpty
    case .atomic(let item): item.canBeEmpty
    }
  }

  /// The most scalars that it takes; nil when there is no limit.
  var longest: Int? {
    switch self {
    case .one: return 1
    case .empty, .look, .lookBehind, .lookBehindProgram, .anchor: return 0
    case .atomic(let item): return item.longest
    case .sequence(let items):
      return items.reduce(0) { sum, item in
        sum.flatMap { sum in item.longest.map { min(sum + $0, Self.farthest) } }
      }
    case .alternatives(let choices):
      return choices.reduce(0) { most, choice in
        most.flatMap { most in choice.longest.map { max(most, $0) } }
      }
    case .repeated(let item, _, let maximum, _):
      guard let maximum, let longest = item.longest else { return nil }
      return min(longest * maximum, Self.farthest)
    }
  }

  /// More than a text has scalars.
  private static let farthest = 1 << 30
}

/// Why a regular expression cannot be used.
enum PatternError: Error, Sendable, Hashable {
  case unexpected(character: String, offset: Int)
  case unexpectedEnd
  case unsupported(construct: String, offset: Int)
  case tooLarge(limit: Int)
}
