import Checkpoints
import MappedFiles
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// One way in which a folder is no checkpoint, and what is said about it.
struct HostileFolder: Sendable, CustomTestStringConvertible {
  let name: String
  var fixture = CheckpointFixture.llama
  let spoil: @Sendable (CheckpointCopy) throws -> Void
  let expects: @Sendable (CheckpointError.Reason) -> Bool

  var testDescription: String { name }

  /// Replaces one entry of `config.json`, expecting complaints about a key.
  static func config(
    _ old: String, _ new: String, complainsOf key: String,
    in fixture: CheckpointFixture = .llama
  ) -> HostileFolder {
    HostileFolder(
      name: new, fixture: fixture, spoil: { try $0.replace(old, with: new) },
      expects: { reason in
        switch reason {
        case .badKey(let found, _, _): found == key
        case .unsupported(let found, _): found == key
        default: false
        }
      })
  }

  static let all: [HostileFolder] = [
    HostileFolder(
      name: "no config.json", spoil: { try $0.remove("config.json") },
      expects: { $0 == .noConfig }),
    HostileFolder(
      name: "config.json is not JSON", spoil: { try $0.write("{\"a\": ", as: "config.json") },
      expects: { if case .malformedJSON = $0 { true } else { false } }),
    HostileFolder(
      name: "config.json is a list", spoil: { try $0.write("[1, 2]", as: "config.json") },
      expects: { if case .badKey = $0 { true } else { false } }),
    HostileFolder(
      name: "unknown architecture",
      spoil: { try $0.replace("LlamaForCausalLM", with: "Mamba\\u001b[31mForCausalLM") },
      expects: {
        guard case .unknownArchitecture("Mamba\u{1B}[31mForCausalLM", let known) = $0 else {
          return false
        }
        return known.contains("LlamaForCausalLM") && known.contains("Gemma3ForCausalLM")
      }),
    .config("[\n    \"LlamaForCausalLM\"\n  ]", "7", complainsOf: "architectures"),
    .config("[\n    \"LlamaForCausalLM\"\n  ]", "[]", complainsOf: "architectures"),
    .config(
      "\"num_attention_heads\": 4", "\"num_attention_heads\": 0",
      complainsOf: "num_attention_heads"),
    .config(
      "\"num_attention_heads\": 4", "\"num_attention_heads\": -4",
      complainsOf: "num_attention_heads"),
    .config(
      "\"num_attention_heads\": 4", "\"num_attention_heads\": \"4\"",
      complainsOf: "num_attention_heads"),
    .config(
      "\"num_attention_heads\": 4", "\"num_attention_heads\": 1e99",
      complainsOf: "num_attention_heads"),
    .config(
      "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 0",
      complainsOf: "num_key_value_heads"),
    .config(
      "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
      complainsOf: "num_key_value_heads"),
    .config("\"head_dim\": 16", "\"head_dim\": 15", complainsOf: "head_dim"),
    .config("\"head_dim\": 16", "\"head_dim\": 0", complainsOf: "head_dim"),
    .config("\"hidden_size\": 32", "\"hidden_size\": null", complainsOf: "hidden_size"),
    .config(
      "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 99999999999",
      complainsOf: "num_hidden_layers"),
    .config("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", complainsOf: "hidden_act"),
    .config("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 1e300", complainsOf: "rms_norm_eps"),
    .config("\"rope_theta\": 100000", "\"rope_theta\": 0", complainsOf: "rope_theta"),
    .config(
      "\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"proportional\", \"factor\": 2}",
      complainsOf: "rope_type"),
    .config(
      "\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"linear\"}", complainsOf: "factor"),
    .config("\"rope_scaling\": null", "\"rope_scaling\": 3", complainsOf: "rope_parameters"),
    .config(
      "\"rope_scaling\": null",
      "\"rope_scaling\": {\"type\": \"llama3\", \"low_freq_factor\": 4, \"high_freq_factor\": 4}",
      complainsOf: "high_freq_factor"),
    .config(
      "\"rope_type\": \"default\"", "\"rope_type\": \"llama3\"", complainsOf: "rope_type",
      in: .qwen2),
    HostileFolder(
      name: "another width",
      spoil: { try $0.replace("\"hidden_size\": 32", with: "\"hidden_size\": 64") },
      expects: {
        if case .wrongShape("model.embed_tokens.weight", _, _) = $0 { true } else { false }
      }
    ),
    HostileFolder(
      name: "more layers than tensors",
      spoil: { try $0.replace("\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3") },
      expects: { $0 == .missingTensor("model.layers.2.input_layernorm.weight") }),
    HostileFolder(
      name: "fewer layers than tensors",
      spoil: { try $0.replace("\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 1") },
      expects: { if case .unknownTensor = $0 { true } else { false } }),
    HostileFolder(
      name: "untied without an output",
      spoil: {
        try $0.replace("\"tie_word_embeddings\": true", with: "\"tie_word_embeddings\": false")
      }, expects: { $0 == .missingTensor("lm_head.weight") }),
    HostileFolder(
      name: "only pickles",
      spoil: {
        try $0.remove("model.safetensors")
        try $0.write("PK\u{3}\u{4}", as: "pytorch_model.bin")
      }, expects: { $0 == .pytorch }),
    HostileFolder(
      name: "only pickles of another kind, and no config.json",
      spoil: {
        try $0.remove("model.safetensors")
        try $0.remove("config.json")
        try $0.write("PK\u{3}\u{4}", as: "consolidated.00.pth")
      }, expects: { $0 == .pytorch }),
    HostileFolder(
      name: "only a Lightning checkpoint",
      spoil: {
        try $0.remove("model.safetensors")
        try $0.write("PK\u{3}\u{4}", as: "epoch.ckpt")
      }, expects: { $0 == .pytorch }),
    HostileFolder(
      name: "GGUFs",
      spoil: {
        try $0.remove("model.safetensors")
        try $0.remove("config.json")
        try $0.write("GGUF", as: "model-Q4_K_M.gguf")
      }, expects: { $0 == .holdsGGUF("model-Q4_K_M.gguf") }),
    HostileFolder(
      name: "no config.json beside weights and a pickle",
      spoil: {
        try $0.remove("config.json")
        try $0.write("PK\u{3}\u{4}", as: "training_args.bin")
      }, expects: { $0 == .noConfig }),
    HostileFolder(
      name: "no tokenizer", spoil: { try $0.remove("tokenizer.json") },
      expects: { $0 == .noTokenizer }),
    HostileFolder(
      name: "a SentencePiece model that ends early",
      spoil: {
        try $0.remove("tokenizer.json")
        try $0.write("\n", as: "tokenizer.model")
      },
      expects: {
        $0
          == .tokenizer(.malformedSentencePiece(.truncated(offset: 1, needed: 1, left: 0)))
      }),
    HostileFolder(
      name: "another family of tokenizers",
      spoil: {
        try $0.replace("\"type\": \"BPE\"", with: "\"type\": \"Unigram\"", in: "tokenizer.json")
      }, expects: { $0 == .unsupported(key: "model.type", value: "\"Unigram\"") }),
    HostileFolder(
      name: "a token beyond the embedding",
      spoil: {
        try $0.replace("\"<|im_end|>\": 2,", with: "\"<|im_end|>\": 500,", in: "tokenizer.json")
      }, expects: { $0 == .tokenOutOfRange(id: 500, rows: 500) }),
    HostileFolder(
      name: "a negative token",
      spoil: {
        try $0.replace("\"<|im_end|>\": 2,", with: "\"<|im_end|>\": -2,", in: "tokenizer.json")
      }, expects: { if case .badKey("model.vocab", _, _) = $0 { true } else { false } }),
  ]
}

@Suite struct HostileFolderTests {
  @Test("A folder that is no checkpoint is refused with the reason", arguments: HostileFolder.all)
  func refused(_ hostile: HostileFolder) throws {
    let copy = try hostile.fixture.copy()
    try hostile.spoil(copy)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(at: copy.path) }
    if let error {
      #expect(hostile.expects(error.reason), "\(error.reason)")
      #expect(error.path != nil)
      #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test("An index that leaves the folder or lacks a shard is refused")
  func badIndex() throws {
    let copy = try CheckpointFixture.qwen2.copy()
    try copy.replace(
      "model-00002-of-00002.safetensors", with: "../model-00002-of-00002.safetensors",
      in: "model.safetensors.index.json")
    #expect(throws: SafetensorsError.self) { try Checkpoint(at: copy.path) }
    let other = try CheckpointFixture.qwen2.copy()
    try other.remove("model-00002-of-00002.safetensors")
    #expect(throws: FileError.self) { try Checkpoint(at: other.path) }
  }

  @Test("Weights without their folder, pickles and other files get advice")
  func files() throws {
    let folder = try TemporaryFolder()
    func reason(_ path: FilePath) -> CheckpointError.Reason? {
      do {
        _ = try Checkpoint(at: path)
        return nil
      } catch {
        return (error as? CheckpointError)?.reason
      }
    }
    let weights = try readBytes(CheckpointFixture.llama.path.appending("model.safetensors"))
    #expect(reason(try folder.write(weights, as: "model.safetensors")) == .needsFolder)
    #expect(reason(try folder.write([0x50, 0x4B, 3, 4, 0], as: "model.bin")) == .pytorch)
    #expect(reason(try folder.write(Array("hello".utf8), as: "notes.txt")) == .notACheckpoint)
    #expect(throws: FileError.self) { try Checkpoint(at: folder.path.appending("nothing")) }
  }

  @Test("A folder cut anywhere in its configuration never traps")
  func truncatedConfiguration() throws {
    for name in ["config.json", "tokenizer_config.json"] {
      let copy = try CheckpointFixture.llama.copy()
      let text = String(decoding: try readBytes(copy.path.appending(name)), as: UTF8.self)
      for count in stride(from: 0, to: text.count - 2, by: 7) {
        try copy.write(String(text.prefix(count)), as: name)
        #expect(throws: (any Error).self) { try Checkpoint(at: copy.path) }
      }
    }
  }
}
