public import Tokenizers

/// The token sequences that contain given texts: no repetition counts that reaches across one.
///
/// A sequence is a first token, which holds the text or the start of it, and the tokens of what is
/// missing then.
///
/// - Source: llama.cpp `src/llama-sampler.cpp`, `get_overlapping_token_sequences`, of llama-cpp-python
///   0.3.36.
public struct SequenceBreakers: Sendable {
  /// Bytes of a text, and tokens after the first, that are looked at.
  private static let byteLimit = 40
  private static let tailLimit = 20

  /// What may follow a first token, by that token.
  private(set) var tails: [Int32: [[Int32]]] = [:]

  /// No text breaks a repetition.
  public init() {}

  /// - Complexity: O(bytes of the vocabulary) for each text.
  public init(_ texts: [String], tokenizer: Tokenizer) {
    let texts = texts.filter { !$0.isEmpty }.map { Array($0.utf8.prefix(Self.byteLimit)) }
    for id in 0..<Int32(tokenizer.vocabularyCount) {
      let bytes = tokenizer.bytes(of: id)
      for text in texts { add(text, token: id, bytes: bytes, tokenizer) }
    }
  }

  package init(tails: [Int32: [[Int32]]]) {
    self.tails = tails
  }

  private mutating func add(
    _ text: [UInt8], token: Int32, bytes: [UInt8], _ tokenizer: Tokenizer
  ) {
    let starts = bytes.indices.filter { bytes[$0] == text[0] }
    if starts.contains(where: { bytes[$0...].starts(with: text) }) { return add([], after: token) }
    for start in starts where text.starts(with: bytes[start...]) {
      // What is missing may start inside a character; no token is the same as one of text then.
      guard let rest = String(validating: text[(bytes.count - start)...], as: UTF8.self) else {
        continue
      }
      let tail = tokenizer.encode(rest, addSpecial: false, parseSpecial: false)
      add(Array(tail.prefix(Self.tailLimit)), after: token)
    }
  }

  private mutating func add(_ tail: [Int32], after token: Int32) {
    guard tails[token]?.contains(tail) != true else { return }
    tails[token, default: []].append(tail)
  }

  /// Whether the token breaks sequences all by itself.
  func breaks(_ token: Int32) -> Bool {
    tails[token]?.contains([]) ?? false
  }

  /// How many of the last tokens come after the last break: a stretch that repeats is no longer.
  func distance(in history: History) -> Int {
    for back in 0..<history.count {
      guard let tails = tails[history[back: back]] else { continue }
      let longest = tails.lazy.filter { tail in
        tail.count <= back
          && tail.indices.allSatisfy { history[back: back - $0 - 1] == tail[$0] }
      }.map(\.count).max()
      if let longest { return back - longest }
    }
    return history.count
  }
}
