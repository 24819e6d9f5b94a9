import TensorCore

extension Recipe {
  /// Every mixture, in the order of `general.file_type`.
  ///
  /// - Source: `llama_tensor_get_type_impl` and `llama_ftype` of llama.cpp as shipped with
  ///   llama-cpp-python 0.3.36; checked against its `tests/snapshots` and its quantizer.
  public static let table: [Recipe] = [
    Recipe("F32", 0, .f32),
    Recipe("F16", 1, .f16),
    Recipe(
      "Q4_0", 2, .q4_0, [Rule(.feedForwardDown, [.importance, .firstLayers(oneIn: 8)], .q4_1)]),
    Recipe("Q4_1", 3, .q4_1),
    Recipe("Q8_0", 7, .q8_0),
    Recipe(
      "Q5_0", 8, .q5_0, [Rule(.feedForwardDown, [.importance, .firstLayers(oneIn: 8)], .q5_1)]),
    Recipe("Q5_1", 9, .q5_1),
    Recipe(
      "Q2_K", 10, .q2_K,
      [
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.attentionValue, .q3_K),
        Rule(.feedForwardDown, .q3_K),
        Rule(.attentionOutput, [.falcon], .q2_K),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.attentionOutput, .q3_K),
      ]),
    Recipe("Q3_K_S", 11, .q3_K, [Rule(.attentionOutput, [.eightExperts], .q5_K)]),
    Recipe(
      "Q3_K_M", 12, .q3_K,
      [
        Rule(.attentionValue, [.firstTensors(2)], .q5_K),
        Rule(.attentionValue, .q4_K),
        Rule(.feedForwardDown, [.firstLayers(oneIn: 16)], .q5_K),
        Rule(.feedForwardDown, [.falcon, .moreBits], .q4_K),
        Rule(.feedForwardDown, [.falcon], .q3_K),
        Rule(.feedForwardDown, .q4_K),
        Rule(.attentionOutput, [.falcon], .q3_K),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.attentionOutput, .q4_K),
      ]),
    Recipe(
      "Q3_K_L", 13, .q3_K,
      [
        Rule(.attentionValue, .q5_K),
        Rule(.feedForwardDown, [.falcon], .q4_K),
        Rule(.feedForwardDown, .q5_K),
        Rule(.attentionOutput, [.falcon], .q4_K),
        Rule(.attentionOutput, [.eightExperts], .q3_K),
        Rule(.attentionOutput, .q5_K),
      ]),
    Recipe(
      "Q4_K_S", 14, .q4_K,
      [
        Rule(.attentionValue, [.firstTensors(4)], .q5_K),
        Rule(.feedForwardDown, [.falcon], .q4_K),
        Rule(.feedForwardDown, [.firstLayers(oneIn: 8)], .q5_K),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
      ]),
    Recipe(
      "Q4_K_M", 15, .q4_K,
      [
        Rule(.attentionValue, [.moreBits], .q6_K),
        Rule(.feedForwardDown, [.falcon, .firstLayers(oneIn: 16)], .q6_K),
        Rule(.feedForwardDown, [.falcon, .moreBits], .q5_K),
        Rule(.feedForwardDown, [.falcon], .q4_K),
        Rule(.feedForwardDown, [.moreBits], .q6_K),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
      ]),
    Recipe("Q5_K_S", 16, .q5_K),
    Recipe(
      "Q5_K_M", 17, .q5_K,
      [
        Rule(.attentionValue, [.moreBits], .q6_K),
        Rule(.feedForwardDown, [.moreBits], .q6_K),
      ]),
    Recipe("Q6_K", 18, .q6_K),
    lowBit("IQ2_XXS", 19, .iq2_XXS, raised: .q2_K, attentionOutput: nil, embedding: .q2_K),
    lowBit("IQ2_XS", 20, .iq2_XS, raised: .q2_K, attentionOutput: nil, embedding: .q2_K),
    Recipe(
      "Q2_K_S", 21, .q2_K,
      [
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.feedForwardDown, [.firstLayers(oneIn: 8)], .q4_K),
      ]),
    Recipe(
      "IQ3_XS", 22, .iq3_S,
      [
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.attentionKey, .iq3_XXS),
        Rule(.attentionQuery, .iq3_XXS),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.feedForwardGate, [.middleLayers], .iq3_XXS),
        Rule(.feedForwardUp, [.middleLayers], .iq3_XXS),
      ]),
    Recipe(
      "IQ3_XXS", 23, .iq3_XXS, output: .q5_K,
      [
        Rule(.tokenEmbedding, .iq3_S),
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.attentionValue, [.noImportance], .iq3_S),
        Rule(.attentionKey, .iq2_S),
        Rule(.attentionQuery, .iq2_S),
        Rule(.feedForwardDown, [.noImportance, .firstLayers(oneIn: 8)], .q4_K),
        Rule(.feedForwardDown, [.noImportance], .q3_K),
        Rule(.attentionOutput, [.falcon], .iq3_XXS),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.attentionOutput, .iq3_S),
      ]),
    lowBit("IQ1_S", 24, .iq1_S, raised: .q2_K, attentionOutput: .iq2_XXS, embedding: .q2_K),
    Recipe("IQ4_NL", 25, .iq4_NL, fourBitLookup),
    Recipe(
      "IQ3_S", 26, .iq3_S,
      [
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
      ]),
    Recipe(
      "IQ3_M", 27, .iq3_S,
      [
        Rule(.attentionValue, .q4_K),
        Rule(.feedForwardDown, [.firstLayers(oneIn: 8)], .q4_K),
        Rule(.feedForwardDown, [.eightExperts, .moreBits], .q4_K),
        Rule(.attentionOutput, [.falcon], .iq3_S),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.attentionOutput, .q4_K),
      ]),
    lowBit("IQ2_S", 28, .iq2_XS, raised: .iq3_S, attentionOutput: .iq3_S, embedding: .iq3_S),
    lowBit("IQ2_M", 29, .iq2_S, raised: .iq3_S, attentionOutput: .iq3_S, embedding: .iq3_S),
    Recipe("IQ4_XS", 30, .iq4_XS, fourBitLookup),
    lowBit("IQ1_M", 31, .iq1_M, raised: .q2_K, attentionOutput: .iq2_XXS, embedding: .q2_K),
    Recipe("BF16", 32, .bf16),
    Recipe("TQ1_0", 36, .tq1_0, [Rule(.tokenEmbedding, .q4_K)]),
    Recipe("TQ2_0", 37, .tq2_0, [Rule(.tokenEmbedding, .q4_K)]),
    Recipe(
      "MXFP4_MOE", 38, .mxfp4, output: .q8_0, isStrict: true,
      [
        Rule(.feedForwardUp, [.stacked], .mxfp4),
        Rule(.feedForwardGate, [.stacked], .mxfp4),
        Rule(.feedForwardDown, [.stacked], .mxfp4),
        // Its attention stacks matrices too.
        Rule(nil, [.architecture("bailingmoe3")], .q8_0),
        Rule(nil, [.stacked], .mxfp4),
        Rule(nil, .q8_0),
      ]),
    // llama.cpp knows files of this type, its quantizer makes none: here the general rules hold.
    Recipe("NVFP4", 39, .nvfp4),
    Recipe("Q1_0", 40, .q1_0),
    Recipe("Q2_0", 41, .q2_0, [Rule(.tokenEmbedding, .q4_K)]),
  ]

  private static let fourBitLookup = [
    Rule(.attentionValue, [.groupedQueries], .q5_K),
    Rule(.feedForwardDown, [.noImportance, .firstLayers(oneIn: 8)], .q5_K),
    Rule(.attentionOutput, [.eightExperts], .q5_K),
  ]

  /// The mixtures of about two bits, which share everything but a few types.
  private static func lowBit(
    _ name: String, _ fileType: UInt32, _ base: TensorType, raised: TensorType,
    attentionOutput: TensorType?, embedding: TensorType
  ) -> Recipe {
    Recipe(
      name, fileType, base, output: .q5_K, isStrict: true,
      [
        Rule(.tokenEmbedding, embedding),
        Rule(.attentionValue, [.groupedQueries], .q4_K),
        Rule(.attentionValue, [.fourExpertsOrMore], .q4_K),
        Rule(.attentionValue, raised),
        Rule(.attentionKey, [.eightExperts], .q4_K),
        Rule(.feedForwardDown, [.firstShare(oneIn: 8)], raised),
        Rule(.attentionOutput, [.eightExperts], .q5_K),
        Rule(.attentionOutput, attentionOutput ?? base),
      ])
  }
}
