/// Which rules a rule may call before it reads anything.
struct LeftEdges {
  private let grammar: Grammar
  /// Nodes from which the end of the rule can be reached without reading.
  private var isNullable: [Bool]

  /// - Complexity: O(nodes and their edges).
  init(_ grammar: Grammar) {
    self.grammar = grammar
    isNullable = Array(repeating: false, count: grammar.nodes.count)
    findNullable()
  }

  private mutating func findNullable() {
    /// Nodes whose answer may follow from that of a node.
    var dependents: [[Int32]] = Array(repeating: [], count: grammar.nodes.count)
    for (index, node) in grammar.nodes.enumerated() {
      switch node {
      case .split(let ways): for way in ways { dependents[Int(way)].append(Int32(index)) }
      case .call(let rule, let next):
        dependents[Int(next)].append(Int32(index))
        dependents[Int(grammar.entries[Int(rule)])].append(Int32(index))
      case .end, .scalar, .token: break
      }
    }
    isNullable[Int(Grammar.end)] = true
    var work = [Grammar.end]
    while let node = work.popLast() {
      for dependent in dependents[Int(node)] where !isNullable[Int(dependent)] {
        if case .call(let rule, let next) = grammar.nodes[Int(dependent)],
          !isNullable[Int(next)] || !isNullable[Int(grammar.entries[Int(rule)])]
        {
          continue
        }
        isNullable[Int(dependent)] = true
        work.append(dependent)
      }
    }
  }

  /// The rules that a rule may call first.
  private func callees(of rule: Int) -> [Int] {
    var work = [grammar.entries[rule]]
    var seen = Set(work)
    var callees: [Int] = []
    func visit(_ node: Int32) {
      if seen.insert(node).inserted { work.append(node) }
    }
    while let node = work.popLast() {
      switch grammar.nodes[Int(node)] {
      case .split(let ways): ways.forEach(visit)
      case .call(let rule, let next):
        callees.append(Int(rule))
        if isNullable[Int(grammar.entries[Int(rule)])] { visit(next) }
      case .end, .scalar, .token: break
      }
    }
    return callees
  }

  /// Rules that call each other without reading, the first again at the end; nil where there are none.
  func cycle() -> [Int]? {
    enum Mark { case new, open, done }
    var marks = Array(repeating: Mark.new, count: grammar.entries.count)
    for start in grammar.entries.indices where marks[start] == .new {
      var path: [(rule: Int, rest: [Int])] = [(start, callees(of: start))]
      marks[start] = .open
      while !path.isEmpty {
        guard let callee = path[path.count - 1].rest.popLast() else {
          marks[path.removeLast().rule] = .done
          continue
        }
        switch marks[callee] {
        case .done: continue
        case .open:
          let rules = path.map { $0.rule }
          return Array(rules[(rules.firstIndex(of: callee) ?? 0)...]) + [callee]
        case .new:
          marks[callee] = .open
          path.append((callee, callees(of: callee)))
        }
      }
    }
    return nil
  }
}
