import Tokenizers

extension [TensorPair] {
  /// The router and the stacked experts of a mixture.
  ///
  /// - Parameters:
  ///   - block: Its name in a layer of a Hugging Face checkpoint.
  ///   - names: Of the gate, up and down projection there.
  static func experts(
    _ block: String = "mlp", names: [String] = ["gate_proj", "up_proj", "down_proj"]
  ) -> [TensorPair] {
    let projections: [(String, TensorPair.Extent, TensorPair.Extent)] = [
      ("ffn_gate_exps", .expertFeedForward, .width), ("ffn_up_exps", .expertFeedForward, .width),
      ("ffn_down_exps", .width, .expertFeedForward),
    ]
    return [.layer("\(block).gate.weight", "ffn_gate_inp.weight", .experts, .width)]
      + zip(names, projections).map { name, projection in
        .layer(
          "\(block).experts.#.\(name).weight", "\(projection.0).weight", .experts, projection.1,
          projection.2)
      }
  }
}

extension Architecture {
  /// How transformers 5 holds experts in memory, and saves them where it is not to save the older form.
  static let fusedExperts = [
    "model.layers.#.mlp.gate.weight": ["blk.#.ffn_gate_inp.weight"],
    "model.layers.#.mlp.experts.gate_up_proj": [
      "blk.#.ffn_gate_exps.weight", "blk.#.ffn_up_exps.weight",
    ],
    "model.layers.#.mlp.experts.down_proj": ["blk.#.ffn_down_exps.weight"],
  ]
}

extension [MetadataKey] {
  /// The same with the numbers of experts, all and chosen, where llama.cpp's converter states them.
  func withExperts(_ key: String, else count: Int, used: Int) -> [MetadataKey] {
    let synonym = key == "num_experts" ? "num_local_experts" : nil
    let numbers: [MetadataKey] = [
      .scalar(
        .integer(
          key, "expert_count", else: count, in: DecoderConfig.Limit.experts, synonym: synonym)),
      .scalar(
        .integer(
          "num_experts_per_tok", "expert_used_count", else: used, in: DecoderConfig.Limit.experts)),
    ]
    return flatMap { key -> [MetadataKey] in
      if case .normEpsilon = key { [key] + numbers } else { [key] }
    }
  }
}

extension MetadataKey {
  static func expertWidth(_ fallback: Int) -> MetadataKey {
    .scalar(
      .integer(
        "moe_intermediate_size", "expert_feed_forward_length", else: fallback,
        in: DecoderConfig.Limit.extent))
  }
}

extension JSONFile {
  /// Refuses layers without experts, and weights of experts that engines would not take for these.
  func expectMixture(normalizesWeights: Bool) throws {
    func refuse(_ key: String, _ value: JSONValue) -> CheckpointError {
      CheckpointError(.unsupported(key: key, value: value.brief), path: path)
    }
    if let layers = self["mlp_only_layers"], layers.array?.isEmpty != true {
      throw refuse("mlp_only_layers", layers)
    }
    if let step = self["decoder_sparse_step"], step.integer != 1 {
      throw refuse("decoder_sparse_step", step)
    }
    let normalizes = try bool("norm_topk_prob") ?? false
    guard normalizes == normalizesWeights else {
      throw refuse("norm_topk_prob", .bool(normalizes))
    }
  }
}
