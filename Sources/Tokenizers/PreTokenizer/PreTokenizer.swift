/// Cuts text into the words that are encoded one by one: a list of stages, each of which cuts the pieces of the one
/// before.
package struct PreTokenizer: Sendable {
  /// What becomes of the matches of a pattern (`SplitDelimiterBehavior` of the `tokenizers` library).
  package enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  package enum Stage: Sendable {
    case split(Pattern, Behavior, inverted: Bool)
    /// A piece that does not start with a space gets one.
    case prefixSpace
    /// The bytes of each piece become letters of the ``ByteAlphabet``.
    case alphabet
    case metaspace(Metaspace)
    /// Cuts where the script changes (`UnicodeScripts`).
    case scripts
    /// Pieces of so many scalars.
    case fixedLength(Int)
  }

  /// Writes something for spaces, and cuts before each.
  package struct Metaspace: Sendable {
    package enum Scheme: String, Sendable { case first, never, always }

    /// UTF-8 of the scalar that stands for a space.
    var replacement: [UInt8]
    /// Which pieces that do not start with it get one: those where the text starts, none, or all.
    var scheme: Scheme
    var cuts: Bool
  }

  /// Each stage cuts the pieces of the one before.
  var stages: [Stage]

  /// The pattern of GPT-2, which `ByteLevel` applies on its own (`tokenizers`, pre_tokenizers/byte_level.rs).
  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Stages that keep matches and what lies between as pieces of their own.
  package init(isolating patterns: [String]) throws(TokenizerError) {
    stages = []
    for source in patterns {
      stages.append(.split(try Self.compile(source), .isolated, inverted: false))
    }
  }

  package init(stages: [Stage]) { self.stages = stages }

  package static func compile(_ source: String) throws(TokenizerError) -> Pattern {
    do {
      return try Pattern(source)
    } catch {
      throw .badPattern(pattern: source, why: String(describing: error))
    }
  }

  /// Whether some stage asks where the text starts.
  var asksForStart: Bool {
    stages.contains { if case .metaspace(let space) = $0 { space.scheme == .first } else { false } }
  }
}
