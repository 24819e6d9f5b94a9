/// What a benchmark found, as `quern bench --json` prints it.
public struct BenchmarkResult: Sendable, Hashable, Codable {
  /// The speed of one size: the median of all repeats.
  public struct Speed: Sendable, Hashable, Codable {
    /// Tokens of the prompt, or new tokens.
    public var tokens: Int
    public var tokensPerSecond: Double
    /// The slowest and the fastest repeat.
    public var slowest: Double
    public var fastest: Double
    /// The part of the ceiling that this is: of memory for generation, of arithmetic for prompts.
    public var share: Double

    public init(
      tokens: Int, tokensPerSecond: Double, slowest: Double, fastest: Double, share: Double
    ) {
      self.tokens = tokens
      self.tokensPerSecond = tokensPerSecond
      self.slowest = slowest
      self.fastest = fastest
      self.share = share
    }

    private enum CodingKeys: String, CodingKey {
      case tokens, slowest, fastest, share
      case tokensPerSecond = "tokens_per_second"
    }
  }

  /// The file's name, without its folder.
  public var model: String
  public var architecture: String
  /// Bytes of weights that each new token reads.
  public var weightBytes: Int
  /// The level of instructions: `avx512`.
  public var kernels: String
  public var threads: Int
  public var repeats: Int
  /// Tokens in the cache before each measurement.
  public var depth: Int?
  /// With `threads` threads.
  public var ceilings: Ceilings
  /// The same with one.
  public var ceilingsOneThread: Ceilings
  public var prompt: [Speed]
  public var generation: [Speed]
  /// With the model and a session of the longest size at work.
  public var memory: MemoryUse?

  package init(
    model: String, architecture: String, weightBytes: Int, kernels: String, threads: Int,
    repeats: Int, depth: Int? = nil, ceilings: Ceilings, ceilingsOneThread: Ceilings,
    prompt: [Speed],
    generation: [Speed], memory: MemoryUse?
  ) {
    self.model = model
    self.architecture = architecture
    self.weightBytes = weightBytes
    self.kernels = kernels
    self.threads = threads
    self.repeats = repeats
    self.depth = depth
    self.ceilings = ceilings
    self.ceilingsOneThread = ceilingsOneThread
    self.prompt = prompt
    self.generation = generation
    self.memory = memory
  }

  private enum CodingKeys: String, CodingKey {
    case model, architecture, kernels, threads, repeats, depth, ceilings, prompt, generation, memory
    case weightBytes = "weight_bytes"
    case ceilingsOneThread = "ceilings_one_thread"
  }
}
