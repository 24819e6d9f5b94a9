extension Architecture {
  /// Qwen2 and Qwen2.5: biases on queries, keys and values, and rotary halves kept as they are.
  ///
  /// - Source: `Qwen2Model` in llama.cpp's conversion/qwen.py; `Qwen2Config` of transformers 5.
  static let qwen2 = Architecture(
    className: "Qwen2ForCausalLM", modelType: "qwen2", name: "qwen2",
    tensors: [
      TensorPair("model.embed_tokens.weight", "token_embd.weight", .vocabulary, .width),
      TensorPair("model.layers.#.input_layernorm.weight", "blk.#.attn_norm.weight", .width),
      TensorPair("model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight", .queries, .width),
      TensorPair("model.layers.#.self_attn.q_proj.bias", "blk.#.attn_q.bias", .queries),
      TensorPair("model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight", .keys, .width),
      TensorPair("model.layers.#.self_attn.k_proj.bias", "blk.#.attn_k.bias", .keys),
      TensorPair("model.layers.#.self_attn.v_proj.weight", "blk.#.attn_v.weight", .keys, .width),
      TensorPair("model.layers.#.self_attn.v_proj.bias", "blk.#.attn_v.bias", .keys),
      TensorPair(
        "model.layers.#.self_attn.o_proj.weight", "blk.#.attn_output.weight", .width, .queries),
      TensorPair("model.layers.#.post_attention_layernorm.weight", "blk.#.ffn_norm.weight", .width),
      TensorPair(
        "model.layers.#.mlp.gate_proj.weight", "blk.#.ffn_gate.weight", .feedForward, .width),
      TensorPair("model.layers.#.mlp.up_proj.weight", "blk.#.ffn_up.weight", .feedForward, .width),
      TensorPair(
        "model.layers.#.mlp.down_proj.weight", "blk.#.ffn_down.weight", .width, .feedForward),
      TensorPair("model.norm.weight", "output_norm.weight", .width),
      TensorPair("lm_head.weight", "output.weight", .vocabulary, .width, optional: true),
    ],
    alwaysStatesHeadDim: false, statesVocabulary: false,
    rotaryScalings: [.none, .linear, .yarn], statesPrefixSpace: false)
}
