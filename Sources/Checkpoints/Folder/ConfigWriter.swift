import GGUF
import TensorCore
import Tokenizers

/// `config.json` and `generation_config.json` of a model.
struct ConfigWriter {
  let architecture: Architecture
  let decoder: DecoderConfig
  let metadata: GGUFMetadata
  /// Type of the weights.
  let type: TensorType
  /// Whether experts are in MXFP4.
  var keepsBlocks = false
  /// GGUF's names of the tensors.
  let tensors: Set<String>

  // MARK: config.json

  /// With the keys that every version of `transformers` reads: `rope_theta`, `rope_scaling`, `torch_dtype`.
  var config: JSONValue {
    let names = architecture.names
    var members: [(String, JSONValue?)] = [
      ("architectures", .array([.string(architecture.className)])),
      ("attention_dropout", .number(0)),
      ("bos_token_id", id("bos")),
      ("eos_token_id", id("eos")),
      ("head_dim", decoder.statesHeadDim ? .integer(decoder.headDim) : nil),
      (architecture.activation.key, .string(architecture.activation.value)),
      (names.width, .integer(decoder.width)),
      ("initializer_range", .number(0.02)),
      (names.feedForwardWidth, feedForwardWidth),
      (names.contextLength, .integer(decoder.contextLength)),
      ("model_type", .string(architecture.modelType)),
      (names.headCount, .integer(decoder.headCount)),
      (names.layerCount, .integer(decoder.layerCount)),
      ("num_key_value_heads", .integer(decoder.kvHeadCount)),
      ("pad_token_id", id("padding")),
      ("partial_rotary_factor", rotaryShare),
      ("quantization_config", keepsBlocks ? Self.blocks : nil),
      (names.normEpsilon, .single(decoder.normEpsilon)),
      ("rope_local_base_freq", decoder.localRotaryBase.map { .single($0) }),
      ("rope_scaling", scaling),
      (names.rotaryBase, .single(decoder.rotaryBase)),
      ("tie_word_embeddings", .bool(decoder.tiesEmbeddings)),
      ("torch_dtype", .string(Self.dtype(type))),
      ("use_cache", .bool(true)),
      ("vocab_size", .integer(decoder.vocabularyCount)),
    ]
    members += architecture.biasKeys.map { ($0.key, .bool(tensors.contains($0.tensor))) }
    members += architecture.scalars.map { ($0.huggingFace, scalar($0)) }
    members += architecture.members(decoder).map { ($0.0, $0.1) }
    let stated = members.sorted { $0.0 < $1.0 }.compactMap { key, value in
      names.absent.contains(key) ? nil : value.map { JSONValue.Member(key, $0) }
    }
    return .object(stated)
  }

  private static let blocks = JSONValue.members(
    (
      "modules_to_not_convert",
      .array(
        [
          "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head",
        ].map { .string($0) })
    ), ("quant_method", .string("mxfp4")))

  private var feedForwardWidth: JSONValue {
    let usual = architecture.names.feedForwardShare.map { $0 * decoder.width }
    return decoder.feedForwardWidth == usual ? .null : .integer(decoder.feedForwardWidth)
  }

  /// The share of a head that is rotated, where an architecture rotates less than all of it.
  private var rotaryShare: JSONValue? {
    guard architecture.rotatesParts else { return nil }
    return .number(Double(decoder.rotaryDim) / Double(decoder.headDim))
  }

  /// A number that only some architectures have; null where this model lacks it.
  private func scalar(_ key: ScalarKey) -> JSONValue {
    guard let value = decoder.scalars[key.gguf], !key.zeroIsNull || value != 0 else { return .null }
    return switch key.kind {
    case .integer: .integer(Int(value))
    case .number: .single(value)
    case .flag: .bool(value != 0)
    }
  }

  static func dtype(_ type: TensorType) -> String {
    switch type {
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: "float32"
    }
  }

  private func id(_ role: String) -> JSONValue? {
    metadata.integer("tokenizer.ggml.\(role)_token_id").map { .integer($0) }
  }

  private var scaling: JSONValue {
    switch decoder.rotaryScaling {
    case .none: .null
    case .linear(let factor):
      .members(("factor", .single(factor)), ("rope_type", .string("linear")))
    case .yarn(let yarn):
      .members(
        ("attention_factor", yarn.attentionFactor.map { .single($0) }),
        ("beta_fast", yarn.betaFast.map { .single($0) }),
        ("beta_slow", yarn.betaSlow.map { .single($0) }),
        ("extrapolation_factor", yarn.extrapolationFactor.map { .single($0) }),
        ("factor", .single(yarn.factor)),
        ("original_max_position_embeddings", .integer(yarn.originalContextLength)),
        ("rope_type", .string("yarn")),
        ("truncate", (yarn.roundsRamp ?? architecture.roundsRamp) ? nil : .bool(false)))
    case .llama3(let llama3):
      .members(
        ("factor", .single(llama3.factor)),
        ("high_freq_factor", .single(llama3.highFrequencyFactor)),
        ("low_freq_factor", .single(llama3.lowFrequencyFactor)),
        ("original_max_position_embeddings", .integer(llama3.originalContextLength)),
        ("rope_type", .string("llama3")))
    case .longRope(let longRope):
      .members(
        ("attention_factor", longRope.attentionFactor.map { .single($0) }),
        ("long_factor", .array(longRope.long.map { .single(Double($0)) })),
        ("rope_type", .string("longrope")),
        ("short_factor", .array(longRope.short.map { .single(Double($0)) })))
    }
  }

  // MARK: generation_config.json

  var generation: JSONValue {
    func number(_ key: String) -> JSONValue? {
      metadata.float("general.sampling.\(key)").map { .single($0) }
    }
    let ends = ["eos", "eot", "eom"].compactMap(id)
    let temperature = number("temp")
    let topK = metadata.integer("general.sampling.top_k").map { JSONValue.integer($0) }
    let topP = number("top_p")
    let samples = temperature != nil || topK != nil || topP != nil
    let format = architecture.chatFormat.map { JSONValue.string($0(metadata)) }
    return .members(
      ("chat_format", format),
      ("_from_model_config", samples ? nil : .bool(true)),
      ("bos_token_id", id("bos")),
      ("do_sample", samples ? .bool(true) : nil),
      ("eos_token_id", ends.count > 1 ? .array(ends) : ends.first),
      ("min_p", number("min_p")),
      ("pad_token_id", id("padding")),
      ("repetition_penalty", number("penalty_repeat")),
      ("temperature", temperature),
      ("top_k", topK),
      ("top_p", topP))
  }
}
