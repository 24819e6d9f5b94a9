public import Tokenizers

/// A grammar ready to be followed: which characters and tokens may come after which.
///
/// Rules are graphs of nodes that call each other, as the subprograms of a pushdown automaton.
public struct Grammar: Sendable {
  /// Nodes that a grammar may have with its repetitions written out.
  public static let maximumSize = 1 << 18
  /// Bytes of text that are read as a grammar.
  public static let maximumByteCount = 1 << 22

  enum Node: Sendable {
    /// The end of the rule: back to the caller.
    case end
    case scalar(set: Int32, next: Int32)
    case token(Int32, isNegated: Bool, next: Int32)
    case call(rule: Int32, next: Int32)
    /// Each of these ways.
    case split([Int32])
  }

  /// The node at which every rule ends.
  static let end: Int32 = 0

  let nodes: [Node]
  let sets: [ScalarRanges]
  /// First node of each rule.
  let entries: [Int32]
  let root: Int32

  /// Reads a grammar in GBNF; the vocabulary is asked for the tokens that the grammar names.
  ///
  /// - Parameter bytes: UTF-8, at most ``maximumByteCount``.
  /// - Throws: ``GrammarError`` with line and column.
  public init(gbnf bytes: [UInt8], tokenizer: Tokenizer) throws(GrammarError) {
    guard bytes.count <= Self.maximumByteCount else {
      throw .tooLong(byteCount: bytes.count, limit: Self.maximumByteCount)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    try self.init(gbnf: text, tokens: TokenizerNames(tokenizer: tokenizer))
  }

  package init(gbnf text: String, tokens: any TokenNames) throws(GrammarError) {
    var parser = GrammarParser(text, tokens: tokens)
    self = try Self.compiled(try parser.parse())
  }

  /// Makes a grammar of the JSON texts that conform to a schema.
  ///
  /// Every text of the grammar conforms; objects have the properties that the schema names, in its order.
  /// Keywords that no grammar can hold, as `uniqueItems`, are refused.
  ///
  /// - Parameter bytes: A JSON text, at most ``maximumByteCount`` long.
  /// - Throws: ``SchemaError`` or ``GrammarError``.
  public init(jsonSchema bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumByteCount else {
      throw GrammarError.tooLong(byteCount: bytes.count, limit: Self.maximumByteCount)
    }
    self = try Self.compiled(try SchemaGrammar.syntax(for: bytes))
  }

  private static func compiled(_ syntax: GrammarSyntax) throws(GrammarError) -> Grammar {
    var compiler = GrammarCompiler()
    return try compiler.compile(syntax)
  }

  /// Reads rules that name no tokens.
  static func parse(_ text: String) throws(GrammarError) -> GrammarSyntax {
    var parser = GrammarParser(text, tokens: NoTokens())
    return try parser.parse()
  }

  init(nodes: [Node], sets: [ScalarRanges], entries: [Int32], root: Int32) {
    self.nodes = nodes
    self.sets = sets
    self.entries = entries
    self.root = root
  }
}

private struct NoTokens: TokenNames {
  let vocabularyCount = 0

  func token(named text: String) -> Int32? { nil }
}

private struct TokenizerNames: TokenNames {
  let tokenizer: Tokenizer

  var vocabularyCount: Int { tokenizer.vocabularyCount }

  func token(named text: String) -> Int32? {
    let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    return ids.count == 1 ? ids[0] : nil
  }
}
