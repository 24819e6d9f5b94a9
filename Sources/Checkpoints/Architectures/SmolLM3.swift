extension Architecture {
  /// SmolLM3: Llama whose every fourth layer knows no positions.
  ///
  /// - Source: `SmolLM3Model` in llama.cpp's conversion/llama.py; `SmolLM3Config` of transformers 5.
  static let smolLM3 = Architecture(
    className: "SmolLM3ForCausalLM", modelType: "smollm3", name: "smollm3", tensors: llamaTensors,
    defaults: ConfigDefaults(
      kvHeadCount: 4, contextLength: 32_768, rotaryBase: 2_000_000, tiesEmbeddings: true),
    statesVocabulary: true, biasKeys: llamaBiasKeys,
    check: { config, decoder in
      let turned = config["no_rope_layers"]?.array?.map { $0.integer != 0 }
      let interval = try config.integer("no_rope_layer_interval", in: 1...Int(UInt32.max)) ?? 4
      let layers = 0..<decoder.layerCount
      guard
        (turned ?? layers.map { ($0 + 1) % interval != 0 }) == layers.map({ ($0 + 1) % 4 != 0 })
      else {
        throw CheckpointError(
          .unsupported(key: "no_rope_layers", value: "not each fourth layer"), path: config.path)
      }
    },
    statesPrefixSpace: true)
}
