import GGUF
import Tokenizers

/// What one kind of model is called on both sides: its class, its tensors and what is written about it.
///
/// To add one, describe it in a file beside this and list it in ``all``.
struct Architecture: Sendable {
  /// Entry of `architectures` in `config.json`.
  let className: String
  /// `model_type` in `config.json`.
  let modelType: String
  /// Value of `general.architecture`.
  let name: String
  /// Every tensor that may occur.
  let tensors: [TensorPair]
  /// Tensors of a Hugging Face checkpoint that repeat others and have no place in a GGUF.
  var repeated: Set<String> = []
  /// Other names in Hugging Face checkpoints, each with the tensors of a GGUF whose matrices it holds, one
  /// above the other.
  var fused: [String: [String]] = [:]

  // MARK: Configuration

  /// What `config.json` calls the numbers that all have.
  var names = ConfigNames()
  /// What keys mean that `config.json` leaves out.
  var defaults = ConfigDefaults()
  /// What a GGUF states, in the order of llama.cpp's converter.
  var keys = MetadataKey.standard
  /// Whether a GGUF states the size of a head even where `config.json` leaves it to the default.
  var alwaysStatesHeadDim = false
  /// Whether a GGUF states, last, the rows of the embedding and the rotated elements of a head.
  var statesVocabulary = false
  /// Rotary scalings that engines know for it.
  var rotaryScalings: Set<RotaryScaling.Kind> = [.none, .linear, .yarn]
  /// Whether engines take YaRN's ramp to start and end at whole pairs.
  var roundsRamp = true
  /// Whether its folders keep experts in MXFP4.
  var keepsBlocks = false
  /// Whether a model may turn a part of each head only, beside those that all do.
  var mayRotateParts = false
  var activation = Activation.silu
  /// Keys of `config.json` that promise biases, each with a GGUF tensor that is one.
  var biasKeys: [(key: String, tensor: String)] = []
  /// Members of `config.json` that no key of a GGUF states.
  var members: @Sendable (DecoderConfig) -> [(String, JSONValue)] = { _ in [] }
  /// Refuses what a GGUF cannot say and engines would take for another model.
  var check: @Sendable (JSONFile, DecoderConfig) throws -> Void = { _, _ in }

  /// What the reader of a GGUF should know of what it leaves out.
  var notes: @Sendable (DecoderConfig) -> [String] = { _ in [] }

  /// What the reader of a folder should know that was made of a GGUF.
  var folderNotes: [String] = []

  // MARK: Tokenizer

  /// The files that its tokenizer is published in.
  var tokenizerFile = TokenizerFile.json
  /// Whether `add_prefix_space` of the tokenizer's configuration goes into the metadata.
  var statesPrefixSpace = false
  /// The name of its pre-tokenizer where several names stand for the same patterns.
  var preTokenizer: String?
  /// What `generation_config.json` calls the form of a conversation.
  var chatFormat: (@Sendable (GGUFMetadata) -> String)?
  /// What a GGUF states of a SentencePiece vocabulary.
  var pieces = PieceRules()
  /// Tokens that have these roles where the tokenizer's files give them to none.
  var roles: [(role: String, token: String)] = []

  /// Of those with the same `general.architecture` the first is what a GGUF becomes.
  static let all: [Architecture] = [
    .llama, .mistral, .qwen2, .qwen3, .gemma, .gemma2, .gemma3, .olmo2, .smolLM3, .granite, .glm4,
    .mixtral, .qwen2Moe, .qwen3Moe,
    .phi3, .gpt2, .starcoder2, .stableLM, .qwen, .gptOss,
  ]

  /// - Parameters:
  ///   - isMixture: Whether the GGUF states a number of experts.
  ///   - hasWindow: Whether it states a window.
  static func named(_ name: String, isMixture: Bool, hasWindow: Bool) -> Architecture? {
    let candidates = all.filter { $0.name == name }
    let alike = candidates.filter { $0.isMixture == isMixture }
    let windowed = alike.first { $0.scalars.contains { $0.gguf == ScalarKey.windowKey } }
    return (hasWindow ? windowed : nil) ?? alike.first ?? candidates.first
  }
  static func ofClass(_ name: String) -> Architecture? { all.first { $0.className == name } }
  /// Values of `general.architecture`, each once.
  static var names: [String] {
    all.map(\.name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// What a tokenizer is published as.
enum TokenizerFile: Sendable {
  /// `tokenizer.json`.
  case json
  /// `ENCODING.tiktoken`.
  case tiktoken(TiktokenEncoding)
}

/// What a feed-forward network applies to its gate, as `config.json` calls it.
struct Activation: Sendable {
  let key: String
  let value: String
  /// Other words for the same.
  var synonyms: Set<String> = []

  static let silu = Activation(key: "hidden_act", value: "silu", synonyms: ["swish"])
}

/// Values of keys that `config.json` may leave out: those of `transformers`.
struct ConfigDefaults: Sendable {
  /// At most the number of heads; `nil` for that number.
  var kvHeadCount: Int?
  var contextLength = 2048
  /// `nil` for the width divided by the number of heads.
  var headDim: Int?
  var normEpsilon = 1e-6
  var rotaryBase = 10_000.0
  var rotaryScaling = RotaryScaling.none
  /// Of the layers with a window, where these have a base of their own.
  var localRotaryBase: Double?
  /// Share of a head that is rotated.
  var rotaryShare = 1.0
  var tiesEmbeddings = false
}

/// Something that a GGUF states about an architecture.
enum MetadataKey: Sendable {
  case layerCount, contextLength, width, feedForwardWidth, headCount, kvHeadCount
  case rotaryScaling, rotaryBase, localRotaryBase, normEpsilon, headDim, fileType
  case vocabularyCount, rotaryDim
  /// The width of experts, where there are no other networks: `feedForwardWidth` a second time.
  case onlyExpertWidth
  /// The base where it is not the usual one, of those whose files leave it out.
  case unusualRotaryBase
  case scalar(ScalarKey)

  var isExpertWidth: Bool { if case .onlyExpertWidth = self { true } else { false } }

  static let standard: [MetadataKey] = [
    .layerCount, .contextLength, .width, .feedForwardWidth, .headCount, .kvHeadCount,
    .rotaryScaling, .rotaryBase, .localRotaryBase, .normEpsilon, .headDim, .fileType,
  ]
}

/// A number with a name on each side.
struct ScalarKey: Sendable {
  enum Kind: Sendable { case integer, number, flag }

  /// Key of `config.json`.
  let huggingFace: String
  /// Key of a GGUF, after the architecture.
  let gguf: String
  let kind: Kind
  /// What it is when `config.json` does not say; `nil` when a model may lack it.
  let fallback: Double?
  /// What a whole number may be.
  var range = 0...Int(UInt32.max)
  /// Another key of `config.json` for the same, which goes before.
  var synonym: String?
  /// Whether a GGUF says zero for what `config.json` calls null.
  var zeroIsNull = false
  /// Whether engines take something else where a GGUF lacks it.
  var mustBeStated = false
  /// Whether it means something only below the length of the context, and null is longer than any.
  var isWithinContext = false

  static let windowKey = "attention.sliding_window"

  /// What it is where a GGUF does not say, so that none need say that.
  var usual: (@Sendable (DecoderConfig) -> Double)?

  /// The same that a GGUF states only where it is something else.
  func unless(_ usual: @escaping @Sendable (DecoderConfig) -> Double) -> Self {
    var key = self
    key.usual = usual
    return key
  }

  /// The same where a GGUF that lacks it is another model.
  var stated: Self {
    var key = self
    key.mustBeStated = true
    return key
  }

  static func flag(_ huggingFace: String, _ gguf: String) -> Self {
    Self(huggingFace: huggingFace, gguf: gguf, kind: .flag, fallback: 0)
  }

  static func integerOrNull(_ huggingFace: String, _ gguf: String) -> Self {
    Self(huggingFace: huggingFace, gguf: gguf, kind: .integer, fallback: nil, zeroIsNull: true)
  }

  static func integer(
    _ huggingFace: String, _ gguf: String, else fallback: Int? = nil,
    in range: ClosedRange<Int> = 0...Int(UInt32.max), synonym: String? = nil
  ) -> Self {
    Self(
      huggingFace: huggingFace, gguf: gguf, kind: .integer, fallback: fallback.map(Double.init),
      range: range, synonym: synonym)
  }

  static func number(_ huggingFace: String, _ gguf: String, else fallback: Double? = nil) -> Self {
    Self(huggingFace: huggingFace, gguf: gguf, kind: .number, fallback: fallback)
  }
}

extension MetadataKey {
  /// A window of all layers, shorter than the context: a key of ours, which llama.cpp's converter leaves out.
  static func window(else fallback: Int?) -> MetadataKey {
    var key = ScalarKey.integer("sliding_window", ScalarKey.windowKey, else: fallback)
    key.isWithinContext = true
    return .scalar(key)
  }
}

extension Architecture {
  var isMixture: Bool { tensors.contains { $0.extents.contains(.experts) } }
  /// Whether some models turn a part of each head only.
  var rotatesParts: Bool { mayRotateParts || defaults.rotaryShare != 1 }

  /// The numbers that only some architectures have.
  var scalars: [ScalarKey] {
    keys.compactMap { if case .scalar(let scalar) = $0 { scalar } else { nil } }
  }
}
