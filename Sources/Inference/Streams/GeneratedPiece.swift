/// What one token adds to a text.
public struct GeneratedPiece: Sendable, Hashable {
  /// The token; none in the last piece, which comes after the last token.
  public var token: Int32?
  /// Text that is certain now: whole characters, perhaps of earlier tokens, perhaps none.
  public var text: String
  /// In the last piece: what was generated, how fast, and why it ended.
  public var statistics: GenerationStatistics?

  public init(token: Int32?, text: String, statistics: GenerationStatistics? = nil) {
    self.token = token
    self.text = text
    self.statistics = statistics
  }
}
