/// How one benchmark stands beside an earlier one.
public struct BenchmarkComparison: Sendable, Hashable, Encodable {
  /// One size that both measured.
  public struct Ratio: Sendable, Hashable, Encodable {
    public let tokens: Int
    /// Tokens per second then.
    public let earlier: Double
    /// Speed now over speed then.
    public let ratio: Double
    /// Whether every repeat of one is faster than every repeat of the other. Never so for a single
    /// repeat, which has no spread.
    public let beyondSpread: Bool

    private enum CodingKeys: String, CodingKey {
      case tokens, earlier, ratio
      case beyondSpread = "beyond_spread"
    }
  }

  /// In what else the two differ, so that ratios may not mean what they seem to: `threads: 2, then 1`.
  public let differences: [String]
  public let prompt: [Ratio]
  public let generation: [Ratio]
  /// Ceilings now over ceilings then: how much of the ratios may be the machine's.
  public let ceilings: Ceilings

  public init(_ result: BenchmarkResult, to earlier: BenchmarkResult) {
    func note(_ what: String, _ now: some CustomStringConvertible & Equatable, _ then: String)
      -> String?
    { "\(now)" == then ? nil : "\(what): \(now), then \(then)" }
    differences = [
      note("model", result.model, earlier.model),
      note("bytes of weights a token", result.weightBytes, "\(earlier.weightBytes)"),
      note("kernels", result.kernels, earlier.kernels),
      note("threads", result.threads, "\(earlier.threads)"),
      note("tokens before", result.depth ?? 0, "\(earlier.depth ?? 0)"),
    ].compactMap { $0 }
    let hasSpread = min(result.repeats, earlier.repeats) > 1
    prompt = Self.ratios(result.prompt, to: earlier.prompt, hasSpread: hasSpread)
    generation = Self.ratios(result.generation, to: earlier.generation, hasSpread: hasSpread)
    ceilings = Ceilings(
      memoryRead: result.ceilings.memoryRead / earlier.ceilings.memoryRead,
      int8Macs: result.ceilings.int8Macs / earlier.ceilings.int8Macs,
      floatMacs: result.ceilings.floatMacs / earlier.ceilings.floatMacs)
  }

  private static func ratios(
    _ speeds: [BenchmarkResult.Speed], to earlier: [BenchmarkResult.Speed], hasSpread: Bool
  ) -> [Ratio] {
    speeds.compactMap { now in
      guard let then = earlier.first(where: { $0.tokens == now.tokens }) else { return nil }
      return Ratio(
        tokens: now.tokens, earlier: then.tokensPerSecond,
        ratio: now.tokensPerSecond / then.tokensPerSecond,
        beyondSpread: hasSpread && (now.slowest > then.fastest || now.fastest < then.slowest))
    }
  }
}
