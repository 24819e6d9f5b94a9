extension Architecture {
  /// Granite 3: Llama with factors on the embedding, the scores, what blocks add, and the logits.
  ///
  /// - Source: `GraniteModel` in llama.cpp's conversion/granite.py; `GraniteConfig` of transformers 5.
  static let granite = Architecture(
    className: "GraniteForCausalLM", modelType: "granite", name: "granite", tensors: llamaTensors,
    keys: MetadataKey.standard + [
      .vocabularyCount, .rotaryDim,
      .scalar(.number("attention_multiplier", "attention.scale", else: 1).stated),
      .scalar(.number("embedding_multiplier", "embedding_scale", else: 1)),
      .scalar(.number("residual_multiplier", "residual_scale", else: 1)),
      .scalar(.number("logits_scaling", "logit_scale", else: 1)),
    ],
    biasKeys: llamaBiasKeys,
    check: { config, decoder in
      guard decoder.headDim * decoder.headCount == decoder.width else {
        throw CheckpointError(
          .unsupported(key: "head_dim", value: "\(decoder.headDim)"), path: config.path)
      }
    },
    statesPrefixSpace: true)
}
