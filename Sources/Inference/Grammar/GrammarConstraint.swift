public import Tokenizers

/// Lets only those tokens through that continue a text as a grammar wants it.
///
/// Tokens that are no text, as `<|im_start|>`, pass only where the grammar names them; the end of the
/// generation passes where the grammar can end.
///
/// - Complexity: A step walks the vocabulary's beginnings that the grammar allows, a look-up each; sets of
///   allowed tokens are remembered. Memory is bounded, whatever the grammar and however long the text.
public final class GrammarConstraint: TokenConstraint {
  private static let rememberedSets = 64

  private let texts: [[UInt8]]
  private let trie: TokenTrie
  private let endTokens: Set<Int32>
  private var automaton: GrammarAutomaton
  private var state: Int32
  /// Allowed tokens of states, a bit each.
  private var allowed: [Int32: [UInt64]] = [:]
  /// States on the way from the root of the trie.
  private var path: [Int32]

  public convenience init(_ grammar: Grammar, tokenizer: Tokenizer) {
    let end = tokenizer.endOfGenerationIDs
    let texts = (0..<Int32(tokenizer.vocabularyCount)).map { id in
      tokenizer.isSpecial(id) || end.contains(id) ? [] : tokenizer.bytes(of: id)
    }
    self.init(grammar, texts: texts, endTokens: end)
  }

  /// - Parameter texts: The bytes of each token, none for those that are no text.
  package init(_ grammar: Grammar, texts: [[UInt8]], endTokens: Set<Int32>) {
    self.texts = texts
    self.endTokens = endTokens
    trie = TokenTrie(texts)
    automaton = GrammarAutomaton(grammar)
    state = automaton.start
    path = Array(repeating: GrammarAutomaton.dead, count: trie.depth + 1)
  }

  /// For tests of the bound.
  package var rememberedStates: Int { automaton.states.count }

  public func restart() { state = automaton.start }

  /// Whether the text may end here.
  public var canEnd: Bool { automaton.states[Int(state)].canEnd }

  public func forbid(in logits: UnsafeMutableBufferPointer<Float>) throws -> Bool {
    let bits = allowedTokens()
    var count = 0
    for token in logits.indices {
      if token < texts.count, bits[token / 64] >> UInt64(token % 64) & 1 != 0 {
        count += 1
      } else {
        logits[token] = -.infinity
      }
    }
    if count > 0 { return true }
    guard canEnd else { throw GrammarError.deadEnd(isCut: automaton.isCut) }
    return false
  }

  public func accept(_ token: Int32) throws {
    guard texts.indices.contains(Int(token)) else { throw GrammarError.forbiddenToken(token) }
    if endTokens.contains(token), canEnd { return }
    let named =
      endTokens.contains(token) ? GrammarAutomaton.dead : automaton.step(state, naming: token)
    var read = texts[Int(token)].isEmpty ? GrammarAutomaton.dead : state
    for byte in texts[Int(token)] { read = automaton.step(read, byte) }
    let next = automaton.union(named, read)
    guard next != GrammarAutomaton.dead else { throw GrammarError.forbiddenToken(token) }
    state = next
    if automaton.isFull { forget(pathCount: 0) }
  }

  // MARK: Allowed tokens

  private func allowedTokens() -> [UInt64] {
    if let bits = allowed[state] { return bits }
    var bits = [UInt64](repeating: 0, count: texts.count / 64 + 1)
    walk { token in bits[Int(token) / 64] |= 1 << UInt64(token % 64) }
    allowNamed(&bits)
    for token in endTokens where texts.indices.contains(Int(token)) {
      let bit: UInt64 = 1 << UInt64(token % 64)
      if canEnd { bits[Int(token) / 64] |= bit } else { bits[Int(token) / 64] &= ~bit }
    }
    if allowed.count >= Self.rememberedSets { allowed.removeAll(keepingCapacity: true) }
    allowed[state] = bits
    return bits
  }

  /// Visits the tokens whose bytes can follow.
  private func walk(_ visit: (Int32) -> Void) {
    path[0] = state
    var index = 0
    while index < trie.nodes.count {
      let node = trie.nodes[index]
      let next = automaton.step(path[Int(node.depth) - 1], node.byte)
      guard next != GrammarAutomaton.dead else {
        index = Int(node.end)
        continue
      }
      path[Int(node.depth)] = next
      for slot in node.firstToken..<node.firstToken + node.tokenCount {
        visit(trie.tokens[Int(slot)])
      }
      if automaton.isFull { forget(pathCount: Int(node.depth) + 1) }
      index += 1
    }
  }

  private func allowNamed(_ bits: inout [UInt64]) {
    for thread in automaton.states[Int(state)].threads {
      guard case .token(let id, let isNegated, _) = automaton.grammar.nodes[Int(thread.node)] else {
        continue
      }
      if isNegated {
        for token in texts.indices where token != Int(id) {
          bits[token / 64] |= 1 << UInt64(token % 64)
        }
      } else {
        bits[Int(id) / 64] |= 1 << UInt64(id % 64)
      }
    }
  }

  /// Makes room, keeping where the text is and where a walk is.
  private func forget(pathCount: Int) {
    let renamed = automaton.forget(except: path[..<pathCount] + [state])
    path.replaceSubrange(..<pathCount, with: renamed.dropLast())
    state = renamed[pathCount]
    allowed.removeAll(keepingCapacity: true)
  }
}
