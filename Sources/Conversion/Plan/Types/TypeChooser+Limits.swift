package import TensorCore

extension TypeChooser {
  /// Whether a tensor may be quantized at all: matrices may, except those too small to pay or too
  /// sensitive to bear it.
  ///
  /// - Source: `tensor_allows_quantization` in llama.cpp's src/llama-quant.cpp.
  package static func mayQuantize(_ name: String, shape: Shape, architecture: String) -> Bool {
    // ggml counts dimensions without the outer ones of extent 1.
    guard shape.dimensions.drop(while: { $0 == 1 }).count >= 2, name.hasSuffix("weight") else {
      return false
    }
    if wholeNames.contains(name) { return false }
    if architecture == "glm5-next", glm5Fragments.contains(where: name.contains) { return false }
    return !fragments.contains(where: name.contains)
  }

  private static let wholeNames: Set = ["position_embd.weight", "token_types.weight"]

  private static let fragments = [
    "_norm.weight",
    // routers of experts
    "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight",
    // small projections of Gemma 3n
    "altup", "laurel", "per_layer_model_proj",
    // short convolutions of state-space models
    "ssm_conv1d", "shortconv.conv.weight",
    // index projections of sparse attention
    "indexer.k_proj.weight", "indexer.q_proj.weight",
    // RWKV's small matrices
    "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight",
    "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight",
    "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight",
    "time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
    // relative positions of T5
    "attn_rel_b.weight",
    // pictures and sound
    ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd",
    ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
  ]

  private static let glm5Fragments = [
    "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj", "indexer_compressor_gate",
    "indexer_compressor_ape", "ssm_f_a.weight", "ssm_f_b.weight", "ssm_g_a.weight",
    "ssm_g_b.weight", "ssm_beta.weight", "attn_kv_a_mqa.weight", "attn_k_b.weight",
    "attn_v_b.weight",
  ]

  /// Whether a mixture gives a tensor no fewer than 8 bits, however few it has for others.
  ///
  /// - Source: `llama_tensor_get_type_impl` in llama.cpp's src/llama-quant.cpp.
  static func wantsEightBits(_ name: String, architecture: String) -> Bool {
    architecture == "glm5-next"
      && ["attn_q_a", "attn_q_b", "nextn.eh_proj"].contains(where: name.contains)
  }

  /// The nearest type to `type` whose blocks rows of `columns` fill.
  ///
  /// llama.cpp's quantizer gives up where it has no substitute, for Q1_0 and NVFP4, and does not look at
  /// the types of embedding and output; half precision serves there as it does elsewhere.
  ///
  /// - Source: `tensor_type_fallback` in llama.cpp's src/llama-quant.cpp.
  static func fitting(_ type: TensorType, columns: Int) -> TensorType {
    guard columns % type.elementsPerBlock != 0 else { return type }
    let fallback = fallbacks[type] ?? type
    return columns % fallback.elementsPerBlock == 0 ? fallback : .f16
  }

  private static let fallbacks: [TensorType: TensorType] = [
    .iq1_S: .iq4_NL, .iq1_M: .iq4_NL, .iq2_XXS: .iq4_NL, .iq2_XS: .iq4_NL, .iq2_S: .iq4_NL,
    .iq3_XXS: .iq4_NL, .iq3_S: .iq4_NL, .iq4_XS: .iq4_NL,
    .q2_0: .q4_0, .q2_K: .q4_0, .q3_K: .q4_0, .tq1_0: .q4_0, .tq2_0: .q4_0,
    .q4_K: .q5_0, .q5_K: .q5_1, .q6_K: .q8_0,
  ]
}
