import Foundation
import Inference
import Testing
import Tokenizers

@Suite struct SamplingGoldenTests {
  @Test("There are cases of every stage, and a vocabulary")
  func fixture() {
    let stages = Set(SamplingCase.all.flatMap { $0.steps.flatMap { $0.stages.map(\.stage) } })
    #expect(stages == Set(SamplingStage.allCases.map(\.rawValue)))
    #expect(SamplingCase.tokenizer != nil)
  }

  @Test(
    "Each stage leaves the tokens and probabilities that llama.cpp's does",
    arguments: SamplingCase.all)
  func stages(_ golden: SamplingCase) throws {
    let parameters = golden.parameters.values
    var sampler = try Sampler(parameters, breakers: breakers(parameters))
    for token in golden.history { sampler.accept(token) }
    for step in golden.steps {
      var logits = golden.logits(seed: step.seed)
      try logits.withUnsafeMutableBufferPointer { logits in
        #expect(sampler.stages.map(\.rawValue) == step.stages.map(\.stage))
        for (stage, expected) in zip(sampler.stages, step.stages) {
          if stage.changesLogits {
            sampler.apply(stage, to: logits)
          } else {
            if stage == sampler.stages.first(where: { !$0.changesLogits }) {
              sampler.collect(logits)
            }
            sampler.apply(stage)
          }
          let left =
            stage.changesLogits
            ? logits.enumerated().map { Candidate(id: Int32($0.offset), logit: $0.element) }
            : sampler.candidates.items
          try compare(left, expected, stage: stage, hasTies: golden.scale == 0)
        }
      }
      let chosen = sampler.candidates.items.first { $0.id == step.chosen }
      if let chosen = chosen ?? sampler.candidates.items.first {
        sampler.observe(chosen.probability)
      }
      sampler.accept(step.chosen)
    }
  }

  private func breakers(_ parameters: SamplingParameters) throws -> SequenceBreakers {
    SequenceBreakers(
      parameters.dry.sequenceBreakers, tokenizer: try #require(SamplingCase.tokenizer))
  }

  private func compare(
    _ candidates: [Candidate], _ expected: SamplingCase.Stage, stage: SamplingStage, hasTies: Bool
  ) throws {
    let left = candidates.filter { $0.logit > -.infinity }
      .sorted { ($1.logit, $0.id) < ($0.logit, $1.id) }
    try #require(left.count == expected.count, "\(stage)")
    let weights = left.map { exp(Double($0.logit - left[0].logit)) }
    let sum = weights.reduce(0, +)
    let count = expected.probabilities.count
    for (index, probability) in expected.probabilities.enumerated() {
      let spot = count == 1 ? 0 : index * (left.count - 1) / (count - 1)
      #expect(abs(weights[spot] / sum - probability) < 1e-6, "\(stage), place \(spot)")
      // Which of equal tokens stay is left to chance there.
      if !hasTies { #expect(left[spot].id == expected.ids[index], "\(stage), place \(spot)") }
    }
    if !hasTies {
      let idSum = left.reduce(UInt64(0)) { $0 + UInt64($1.id) * UInt64($1.id) }
      #expect(idSum % (1 << 32) == expected.id_sum, "\(stage)")
    }
  }
}
