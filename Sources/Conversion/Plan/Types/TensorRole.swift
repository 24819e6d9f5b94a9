/// What a tensor does in the model, as far as the choice of its type cares.
///
/// - Source: `tensor_get_category` in llama.cpp's src/llama-quant.cpp; broad categories that hold for
///   every architecture.
enum TensorRole: Sendable, Hashable {
  case output
  case tokenEmbedding
  /// Values, and the fused tensors that hold them: the most sensitive of all.
  case attentionValue
  case attentionKey
  case attentionQuery
  case attentionOutput
  case feedForwardUp
  case feedForwardGate
  case feedForwardDown
  case other

  /// - Parameter name: GGUF's name.
  init(of name: String) {
    switch name {
    case "output.weight":
      self = .output
    case "token_embd.weight", "per_layer_token_embd.weight":
      self = .tokenEmbedding
    default:
      self = Self.fragments.first { name.contains($0.fragment) }?.role ?? .other
    }
  }

  /// In the order in which they are looked for.
  private static let fragments: [(fragment: String, role: TensorRole)] = [
    ("attn_qkv.weight", .attentionValue),
    ("attn_kv_b.weight", .attentionValue),
    ("attn_v.weight", .attentionValue),
    ("attn_k.weight", .attentionKey),
    ("attn_q.weight", .attentionQuery),
    ("attn_output.weight", .attentionOutput),
    ("ffn_up", .feedForwardUp),
    ("ffn_gate", .feedForwardGate),
    ("ffn_down", .feedForwardDown),
  ]
}
