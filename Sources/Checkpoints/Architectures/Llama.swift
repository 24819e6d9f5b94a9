extension Architecture {
  /// Llama 1 to 3 and the many models of their shape, such as SmolLM2.
  ///
  /// - Source: `LlamaModel` in llama.cpp's conversion/llama.py; `LlamaConfig` of transformers 5.
  static let llama = Architecture(
    className: "LlamaForCausalLM", modelType: "llama", name: "llama",
    tensors: [
      TensorPair("model.embed_tokens.weight", "token_embd.weight", .vocabulary, .width),
      TensorPair("model.layers.#.input_layernorm.weight", "blk.#.attn_norm.weight", .width),
      TensorPair(
        "model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight", .queries, .width,
        turned: .byQueryHeads),
      TensorPair(
        "model.layers.#.self_attn.q_proj.bias", "blk.#.attn_q.bias", .queries,
        turned: .byQueryHeads, optional: true),
      TensorPair(
        "model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight", .keys, .width,
        turned: .byKeyHeads),
      TensorPair(
        "model.layers.#.self_attn.k_proj.bias", "blk.#.attn_k.bias", .keys,
        turned: .byKeyHeads, optional: true),
      TensorPair("model.layers.#.self_attn.v_proj.weight", "blk.#.attn_v.weight", .keys, .width),
      TensorPair(
        "model.layers.#.self_attn.v_proj.bias", "blk.#.attn_v.bias", .keys, optional: true),
      TensorPair(
        "model.layers.#.self_attn.o_proj.weight", "blk.#.attn_output.weight", .width, .queries),
      TensorPair(
        "model.layers.#.self_attn.o_proj.bias", "blk.#.attn_output.bias", .width, optional: true),
      TensorPair("model.layers.#.post_attention_layernorm.weight", "blk.#.ffn_norm.weight", .width),
      TensorPair(
        "model.layers.#.mlp.gate_proj.weight", "blk.#.ffn_gate.weight", .feedForward, .width),
      TensorPair(
        "model.layers.#.mlp.gate_proj.bias", "blk.#.ffn_gate.bias", .feedForward, optional: true),
      TensorPair("model.layers.#.mlp.up_proj.weight", "blk.#.ffn_up.weight", .feedForward, .width),
      TensorPair(
        "model.layers.#.mlp.up_proj.bias", "blk.#.ffn_up.bias", .feedForward, optional: true),
      TensorPair(
        "model.layers.#.mlp.down_proj.weight", "blk.#.ffn_down.weight", .width, .feedForward),
      TensorPair(
        "model.layers.#.mlp.down_proj.bias", "blk.#.ffn_down.bias", .width, optional: true),
      TensorPair("model.norm.weight", "output_norm.weight", .width),
      TensorPair("lm_head.weight", "output.weight", .vocabulary, .width, optional: true),
    ],
    alwaysStatesHeadDim: true, statesVocabulary: true,
    rotaryScalings: [.none, .linear, .yarn, .llama3], statesPrefixSpace: true)
}
