/// A grammar followed byte by byte, its states made when they are first reached and remembered.
///
/// A state is a set of threads, each a node that reads a scalar and the rules to return to, and the bytes
/// of a scalar that is not complete yet. A known step is one look-up. What is remembered is bounded: the
/// owner calls ``forget(except:)`` when ``isFull``.
package struct GrammarAutomaton {
  /// One way in which the text so far may have been read.
  package struct Thread: Hashable, Comparable {
    var node: Int32
    var frame: Int32

    package static func < (a: Self, b: Self) -> Bool { (a.node, a.frame) < (b.node, b.frame) }
  }

  package struct State: Hashable {
    /// In order.
    package var threads: [Thread] = []
    /// Whether the text may end here.
    package var canEnd = false
    var partial = PartialScalar()
  }

  /// The state from which nothing follows.
  package static let dead: Int32 = 0
  private static let unknown: Int32 = -1

  /// Threads of a state, and nodes looked at to make it; ways beyond are not followed.
  package static let maximumThreads = 2048
  static let maximumVisits = 1 << 14
  private static let stateCapacity = 2048
  private static let threadCapacity = 1 << 20

  let grammar: Grammar
  package private(set) var start = Self.dead
  package private(set) var states: [State] = []
  /// Whether ways were left out because of a bound.
  package private(set) var isCut = false

  private var numbers: [State: Int32] = [:]
  /// Next states, 256 a state.
  private var transitions: [Int32] = []
  private var frames = FrameTable()
  private var threadCount = 0

  package init(_ grammar: Grammar) {
    self.grammar = grammar
    clear()
    start = number(of: closure([Thread(node: grammar.entries[Int(grammar.root)], frame: 0)]))
  }

  // MARK: Steps

  /// The state after one more byte of text.
  package mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
    let slot = Int(state) * 256 + Int(byte)
    let known = transitions[slot]
    if known != Self.unknown { return known }
    let next = number(of: compute(states[Int(state)], byte))
    transitions[slot] = next
    return next
  }

  private mutating func compute(_ state: State, _ byte: UInt8) -> State {
    guard let partial = state.partial.appending(byte) else { return State() }
    guard let scalar = partial.scalar else {
      let (low, high) = partial.bounds
      let threads = state.threads.filter { thread in
        guard case .scalar(let set, _) = grammar.nodes[Int(thread.node)] else { return false }
        return grammar.sets[Int(set)].intersects(low, high)
      }
      return threads.isEmpty ? State() : State(threads: threads, partial: partial)
    }
    return closure(
      state.threads.compactMap { thread in
        guard case .scalar(let set, let next) = grammar.nodes[Int(thread.node)],
          grammar.sets[Int(set)].intersects(scalar, scalar)
        else { return nil }
        return Thread(node: next, frame: thread.frame)
      })
  }

  /// The state after a token that the grammar names, ``dead`` where it does not.
  mutating func step(_ state: Int32, naming token: Int32) -> Int32 {
    number(
      of: closure(
        states[Int(state)].threads.compactMap { thread in
          guard case .token(let id, let isNegated, let next) = grammar.nodes[Int(thread.node)],
            (id == token) != isNegated
          else { return nil }
          return Thread(node: next, frame: thread.frame)
        }))
  }

  /// Both of two states at once.
  mutating func union(_ a: Int32, _ b: Int32) -> Int32 {
    if a == Self.dead || a == b { return b }
    if b == Self.dead { return a }
    // Only a state between scalars may end or be where a named token led.
    var state = states[Int(a)]
    let other = states[Int(b)]
    guard state.partial == other.partial else { return state.partial.isEmpty ? a : b }
    state.threads = Array(
      Set(state.threads).union(other.threads).sorted().prefix(Self.maximumThreads))
    state.canEnd = state.canEnd || other.canEnd
    return number(of: state)
  }

  /// Follows calls and returns until something is read.
  private mutating func closure(_ seeds: [Thread]) -> State {
    var state = State()
    var seen = Set(seeds)
    var work = seeds
    func visit(_ thread: Thread) {
      if seen.insert(thread).inserted { work.append(thread) }
    }
    while let thread = work.popLast() {
      guard seen.count < Self.maximumVisits, state.threads.count < Self.maximumThreads else {
        isCut = true
        break
      }
      switch grammar.nodes[Int(thread.node)] {
      case .scalar, .token: state.threads.append(thread)
      case .split(let ways):
        // The first way is taken first.
        for way in ways.reversed() { visit(Thread(node: way, frame: thread.frame)) }
      case .call(let rule, let next):
        let entry = grammar.entries[Int(rule)]
        // A call at the end of a rule needs no way back to that rule: repetition by recursion stays flat.
        if next == Grammar.end {
          visit(Thread(node: entry, frame: thread.frame))
        } else if let frame = frames.frame(returningTo: next, below: thread.frame) {
          visit(Thread(node: entry, frame: frame))
        } else {
          isCut = true
        }
      case .end:
        if thread.frame == FrameTable.bottom {
          state.canEnd = true
        } else {
          visit(frames[thread.frame])
        }
      }
    }
    state.threads.sort()
    return state
  }

  // MARK: Memory

  private mutating func number(of state: State) -> Int32 {
    if let number = numbers[state] { return number }
    let number = Int32(states.count)
    states.append(state)
    numbers[state] = number
    transitions.append(contentsOf: repeatElement(Self.unknown, count: 256))
    threadCount += state.threads.count
    return number
  }

  private mutating func clear() {
    states.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    transitions.removeAll(keepingCapacity: true)
    frames = FrameTable()
    threadCount = 0
    _ = number(of: State())
  }

  package var isFull: Bool {
    states.count >= Self.stateCapacity || threadCount >= Self.threadCapacity || frames.isFull
  }

  /// Forgets all states but some, and returns what these are called from now on.
  package mutating func forget(except kept: [Int32]) -> [Int32] {
    let old = (kept + [start]).map { states[Int($0)] }
    let oldFrames = frames
    clear()
    var moved: [Int32: Int32] = [FrameTable.bottom: FrameTable.bottom]
    var renamed: [Int32] = []
    for var state in old {
      for index in state.threads.indices {
        let frame = state.threads[index].frame
        state.threads[index].frame = frames.copy(frame, from: oldFrames, &moved)
      }
      state.threads.sort()
      renamed.append(number(of: state))
    }
    start = renamed.removeLast()
    return renamed
  }
}
