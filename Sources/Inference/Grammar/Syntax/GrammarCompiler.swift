/// Turns rules into nodes, writing repetitions out.
struct GrammarCompiler {
  typealias Expression = GrammarSyntax.Expression

  private var nodes: [Grammar.Node] = [.end]
  private var sets: [ScalarRanges] = []
  private var setIndices: [ScalarRanges: Int32] = [:]
  private var ruleIndices: [String: Int32] = [:]
  /// Counts what is compiled, so that even a repetition of nothing comes to an end.
  private var size = 0

  /// - Throws: ``GrammarError`` for what is undefined, too large, or left recursive.
  mutating func compile(_ syntax: GrammarSyntax) throws(GrammarError) -> Grammar {
    for (index, rule) in syntax.rules.enumerated() { ruleIndices[rule.name] = Int32(index) }
    guard let root = ruleIndices["root"] else { throw .noRoot }
    var entries: [Int32] = []
    for rule in syntax.rules {
      entries.append(try compile(rule.body, next: Grammar.end, rule.place))
    }
    let grammar = Grammar(nodes: nodes, sets: sets, entries: entries, root: root)
    if let cycle = LeftEdges(grammar).cycle() {
      throw .leftRecursion(cycle.map { syntax.rules[$0].name })
    }
    return grammar
  }

  /// Adds nodes that match an expression and go on at `next`, and returns the first.
  private mutating func compile(
    _ expression: Expression, next: Int32, _ place: GrammarError.Place
  ) throws(GrammarError) -> Int32 {
    size += 1
    guard size <= Grammar.maximumSize, nodes.count < Grammar.maximumSize else {
      throw .tooLarge(place, limit: Grammar.maximumSize)
    }
    switch expression {
    case .literal(let scalars):
      var next = next
      for scalar in scalars.reversed() {
        size += 1
        guard size <= Grammar.maximumSize else {
          throw .tooLarge(place, limit: Grammar.maximumSize)
        }
        next = add(.scalar(set: index(of: ScalarRanges(scalar)), next: next))
      }
      return next
    case .set(let set): return add(.scalar(set: index(of: set), next: next))
    case .token(let id, let isNegated): return add(.token(id, isNegated: isNegated, next: next))
    case .rule(let name, let place):
      guard let rule = ruleIndices[name] else { throw .undefinedRule(place, name: name) }
      return add(.call(rule: rule, next: next))
    case .sequence(let items):
      var next = next
      for item in items.reversed() { next = try compile(item, next: next, place) }
      return next
    case .choice(let alternatives):
      var ways: [Int32] = []
      for alternative in alternatives { ways.append(try compile(alternative, next: next, place)) }
      return add(.split(ways))
    case .repetition(let item, let least, let most, let place):
      return try compile(item, least, most, next: next, place)
    }
  }

  private mutating func compile(
    _ item: Expression, _ least: Int, _ most: Int?, next: Int32, _ place: GrammarError.Place
  ) throws(GrammarError) -> Int32 {
    var entry = next
    if let most {
      for _ in 0..<most - least {
        entry = add(.split([try compile(item, next: entry, place), next]))
      }
    } else {
      entry = add(.split([]))
      nodes[Int(entry)] = .split([try compile(item, next: entry, place), next])
    }
    for _ in 0..<least { entry = try compile(item, next: entry, place) }
    return entry
  }

  private mutating func add(_ node: Grammar.Node) -> Int32 {
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  private mutating func index(of set: ScalarRanges) -> Int32 {
    if let index = setIndices[set] { return index }
    sets.append(set)
    setIndices[set] = Int32(sets.count - 1)
    return Int32(sets.count - 1)
  }
}
