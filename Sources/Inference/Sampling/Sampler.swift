#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Chooses tokens from logits, one after the other.
///
/// A logit that is not a number is never chosen while another token is possible. Memory is allocated
/// with the first choice; later ones allocate nothing.
public struct Sampler {
  public let parameters: SamplingParameters
  /// What happens before the draw, in order.
  package let stages: [SamplingStage]

  private var random: RandomSource
  private var penalties: Penalties?
  private var dry: DryPenalty?
  /// Mirostat's bound of surprise, mu, in bits.
  private var surpriseBound: Float = .infinity
  package private(set) var candidates = Candidates()

  /// - Parameter breakers: What no repetition reaches across, for the DRY penalty.
  /// - Throws: ``ModelError/badSampling(parameter:found:expected:)``.
  public init(
    _ parameters: SamplingParameters, breakers: SequenceBreakers = SequenceBreakers()
  ) throws(ModelError) {
    try parameters.check()
    self.parameters = parameters
    stages = SamplingStage.allCases.filter { $0.isActive(in: parameters) }
    random = RandomSource(seed: parameters.seed)
    if stages.contains(.dry) { dry = DryPenalty(parameters.dry, breakers: breakers) }
    restart()
  }

  /// Forgets the text and begins with the seed again; memory is kept.
  mutating func restart() {
    random = RandomSource(seed: parameters.seed)
    if stages.contains(.penalties) { penalties = Penalties(parameters) }
    dry = dry.map { DryPenalty(parameters.dry, breakers: $0.breakers) }
    if let mirostat = parameters.mirostat { surpriseBound = 2 * mirostat.targetSurprise }
  }

  /// Notes a token that is part of the text, for the penalties.
  public mutating func accept(_ token: Int32) {
    penalties?.accept(token)
    dry?.accept(token)
  }

  /// Chooses the next token. The logits are scratch: biases and penalties change them.
  ///
  /// A logit of minus infinity forbids its token, as a grammar does.
  ///
  /// - Complexity: O(vocabulary).
  public mutating func sample(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
    precondition(!logits.isEmpty)
    for stage in stages where stage.changesLogits { apply(stage, to: logits) }
    if takesLikeliest { return Self.likeliest(logits) }
    collect(logits)
    for stage in stages where !stage.changesLogits { apply(stage) }
    let chosen = candidates.draw(random.nextUnit())
    observe(chosen.probability)
    return chosen.id
  }

  /// Whether no stage could leave anything but the likeliest token.
  private var takesLikeliest: Bool {
    parameters.mirostat == nil
      && (parameters.topK == 1 || (parameters.temperature == 0 && parameters.typicalP == 1))
  }

  static func likeliest(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
    var best = 0
    var highest = -Float.infinity
    for index in logits.indices where logits[index] > highest {
      best = index
      highest = logits[index]
    }
    return Int32(best)
  }

  // MARK: Stages

  /// Applies a stage that changes logits.
  package mutating func apply(
    _ stage: SamplingStage, to logits: UnsafeMutableBufferPointer<Float>
  ) {
    switch stage {
    case .logitBias:
      for bias in parameters.logitBias where logits.indices.contains(Int(bias.token)) {
        logits[Int(bias.token)] += bias.bias
      }
    case .penalties: penalties?.apply(to: logits)
    case .dry: dry?.apply(to: logits)
    case .topK, .typical, .topP, .minP, .temperature, .mirostat: break
    }
  }

  /// Makes all tokens candidates, or those alone that the first stage would keep.
  package mutating func collect(_ logits: UnsafeMutableBufferPointer<Float>) {
    if stages.contains(.topK), parameters.topK < logits.count {
      candidates.fill(logits, likeliest: parameters.topK)
    } else {
      candidates.fill(logits)
    }
  }

  /// Applies a stage that looks at all candidates.
  package mutating func apply(_ stage: SamplingStage) {
    switch stage {
    case .logitBias, .penalties, .dry: break
    case .topK: candidates.sort()  // collected as many as it keeps
    case .typical: candidates.keepTypical(parameters.typicalP)
    case .topP: candidates.keepTop(parameters.topP)
    case .minP: candidates.keep(relative: parameters.minP)
    case .temperature: candidates.apply(temperature: parameters.temperature)
    case .mirostat: candidates.keep(surpriseUpTo: surpriseBound)
    }
  }

  /// Tells mirostat how likely the chosen token was among the kept ones.
  package mutating func observe(_ probability: Float) {
    guard let mirostat = parameters.mirostat else { return }
    let error = -log2(probability) - mirostat.targetSurprise
    surpriseBound -= mirostat.learningRate * error
  }
}
