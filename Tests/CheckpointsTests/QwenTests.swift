import Checkpoints
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

/// What is particular to the original Qwen.
@Suite struct QwenTests {
  private func copy(_ edits: (String, String)...) throws -> CheckpointCopy {
    let copy = try CheckpointFixture.qwen.copy()
    for (old, new) in edits { try copy.replace(old, with: new) }
    return copy
  }

  @Test("The epsilon stands under the key that llama.cpp reads and under that of its converter")
  func epsilon() throws {
    let metadata = try Checkpoint(at: CheckpointFixture.qwen.path).metadata
    for key in ["layer_norm_rms_epsilon", "layer_norm_epsilon"] {
      #expect(metadata["qwen.attention.\(key)"] == .float32(1e-6))
    }
    var converted = try asGGUF(CheckpointFixture.qwen.path)
    converted.metadata["qwen.attention.layer_norm_rms_epsilon"] = nil
    converted.metadata["qwen.attention.layer_norm_epsilon"] = .float32(1e-5)
    let config = try json("config.json", of: try HuggingFaceFolder(of: converted))
    #expect(config["layer_norm_epsilon"] == .number(1e-5))
  }

  @Test("The folder of a GGUF has the configuration that was published, key by key")
  func configuration() throws {
    let original = try JSONValue(
      parsing: readBytes(CheckpointFixture.qwen.path.appending("config.json")))
    let folder = try HuggingFaceFolder(of: try asGGUF(CheckpointFixture.qwen.path))
    let written = try json("config.json", of: folder)
    for member in original.object ?? [] where member.key != "transformers_version" {
      let isSame =
        written[member.key] == member.value
        || member.key == "rotary_emb_base" && written[member.key] == .number(1_000_000)
      #expect(isSame, "\(member.key)")
    }
    #expect(written["torch_dtype"] == .string("bfloat16"))
    for key in ["rope_theta", "rms_norm_eps", "head_dim", "hidden_act", "num_key_value_heads"] {
      #expect(written[key] == nil, "\(key)")
    }
    #expect(
      folder.textFiles.map(\.name) == [
        "README.md", "config.json", "generation_config.json", "qwen.tiktoken",
        "tokenizer_config.json",
      ])
    #expect(folder.warnings.count == 1 && folder.warnings[0].contains("Python"))
    let ranks = try readBytes(CheckpointFixture.qwen.path.appending("qwen.tiktoken"))
    #expect(folder.textFiles.first { $0.name == "qwen.tiktoken" }?.bytes == ranks)
    let settings = try json("tokenizer_config.json", of: folder)
    #expect(settings["tokenizer_class"] == .string("QWenTokenizer"))
    #expect(try json("generation_config.json", of: folder)["chat_format"] == .string("raw"))
  }

  @Test("What long texts lack is said once, and kept for the way back")
  func longTexts() throws {
    let copy = try copy(
      ("\"use_dynamic_ntk\": false", "\"use_dynamic_ntk\": true"),
      ("\"use_logn_attn\": false", "\"use_logn_attn\": true"),
      ("\"seq_length\": 256", "\"seq_length\": 64"))
    var checkpoint = try Checkpoint(at: copy.path)
    #expect(
      checkpoint.warnings == [
        "config.json: no engine that runs GGUFs computes dynamic NTK or logn attention; texts of "
          + "more than 64 tokens get other results than with the model's own code"
      ])
    #expect(checkpoint.metadata["qwen.rope.scaling.original_context_length"] == .uint32(64))
    checkpoint.origin = .gguf
    let config = try json("config.json", of: try HuggingFaceFolder(of: checkpoint))
    #expect(config["use_dynamic_ntk"] == .bool(true))
    #expect(config["use_logn_attn"] == .bool(true))
    #expect(config["seq_length"] == .integer(64))
    let whole = try Checkpoint(at: CheckpointFixture.qwen.path)
    #expect(whole.warnings.isEmpty)
    for key in ["use_dynamic_ntk", "use_logn_attn", "rope.scaling.original_context_length"] {
      #expect(whole.metadata["qwen.\(key)"] == nil)
    }
  }

  @Test(
    "A chat model gets the template that its code has, and is a chat model again on the way back")
  func chat() throws {
    let copy = try CheckpointFixture.qwen.copy()
    try copy.replace(
      "\"chat_format\": \"raw\"", with: "\"chat_format\": \"chatml\"", in: "generation_config.json")
    let expected = """
      <|im_start|>system
      You are a helpful assistant.<|im_end|>
      <|im_start|>user
      Hi<|im_end|>
      <|im_start|>assistant

      """
    var checkpoint = try Checkpoint(at: copy.path)
    for tokenizer in [
      try Tokenizer(metadata: checkpoint.metadata), try Tokenizer(at: copy.path),
    ] {
      let prompt = try tokenizer.makeChatTemplate().render(
        messages: [ChatMessage(role: "user", content: "Hi")], addGenerationPrompt: true)
      #expect(prompt == expected)
    }
    checkpoint.origin = .gguf
    let generation = try json(
      "generation_config.json", of: try HuggingFaceFolder(of: checkpoint))
    #expect(generation["chat_format"] == .string("chatml"))
    let base = try Checkpoint(at: CheckpointFixture.qwen.path)
    #expect(base.metadata["tokenizer.chat_template"] == nil)
  }

  @Test("The folder, its ranks and the GGUF give the same tokens")
  func sameTokens() throws {
    let path = CheckpointFixture.qwen.path
    let tokenizers = [
      try Tokenizer(at: path), try Tokenizer(at: path.appending("qwen.tiktoken")),
      try Tokenizer(metadata: Checkpoint(at: path).metadata),
    ]
    let text = "<|im_start|>The mill's  42 stones e\u{301}\r\n\n 中文 🌾<|im_end|><|extra_7|>"
    let ids = tokenizers.map { $0.encode(text, addSpecial: true, parseSpecial: true) }
    #expect(ids[0] == ids[1] && ids[0] == ids[2])
    #expect(ids[0].first == 321 && ids[0].last == 330)
    for tokenizer in tokenizers { #expect(tokenizer.eosID == 320 && tokenizer.bosID == 320) }
  }

  @Test("A GGUF whose tokens are not Qwen's gets a tokenizer.json")
  func otherTokens() throws {
    var checkpoint = try asGGUF(CheckpointFixture.qwen.path)
    var tokens = try #require(checkpoint.metadata.strings("tokenizer.ggml.tokens"))
    tokens[325] = "<|mill|>"
    checkpoint.metadata["tokenizer.ggml.tokens"] = .array(.string(tokens))
    let names = try HuggingFaceFolder(of: checkpoint).textFiles.map(\.name)
    #expect(names.contains("tokenizer.json") && !names.contains("qwen.tiktoken"))
  }

  @Test("More tokens than rows are refused; special ones that have no row are left out")
  func rows() throws {
    let copy = try CheckpointFixture.qwen.copy()
    let lines = (0..<300).map { "\(String(repeating: "YWFh", count: 2 + $0)) \($0 + 320)\n" }
    let ranks = String(decoding: try readBytes(copy.path.appending("qwen.tiktoken")), as: UTF8.self)
    try copy.write(ranks + lines.prefix(220).joined(), as: "qwen.tiktoken")
    let tokens = try #require(
      try Checkpoint(at: copy.path).metadata.strings("tokenizer.ggml.tokens"))
    #expect(tokens.count == 544)
    #expect(tokens.suffix(4) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|extra_0|>"])
    try copy.write(ranks + lines.joined(), as: "qwen.tiktoken")
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      (error as? CheckpointError)?.reason == .tokenOutOfRange(id: 619, rows: 544)
    }
  }

  @Test(
    "What a GGUF cannot say is refused by its key",
    arguments: [
      ("\"no_bias\": true", "\"no_bias\": false", "no_bias"),
      ("\"scale_attn_weights\": true", "\"scale_attn_weights\": false", "scale_attn_weights"),
      ("\"rotary_pct\": 1.0", "\"rotary_pct\": 0.5", "rotary_pct"),
      ("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", "tie_word_embeddings"),
      ("\"intermediate_size\": 192", "\"intermediate_size\": 193", "intermediate_size"),
      ("\"hidden_size\": 64", "\"hidden_size\": 66", "num_attention_heads"),
      ("\"hidden_size\": 64", "\"hidden_size\": 64, \"head_dim\": 32", "head_dim"),
      ("\"rotary_emb_base\": 1000000", "\"rotary_emb_base\": \"x\"", "rotary_emb_base"),
      ("\"seq_length\": 256", "\"seq_length\": 0", "seq_length"),
    ])
  func refusals(old: String, new: String, key: String) throws {
    let copy = try copy((old, new))
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      switch (error as? CheckpointError)?.reason {
      case .badKey(let found, _, _), .unsupported(let found, _): found == key
      default: false
      }
    }
  }

  /// A copy whose weights have one tensor more.
  private func copy(with name: String, _ extents: [Int], filledWith byte: UInt8) throws
    -> CheckpointCopy
  {
    let copy = try CheckpointFixture.qwen.copy()
    let stored = try SafetensorsCheckpoint(copy.path)
    let shape = try Shape(extents)
    let layout = try SafetensorsLayout(
      metadata: [:],
      tensors: stored.tensors.map { ($0.tensor.name, $0.tensor.type, $0.tensor.shape) }
        + [(name, .f32, shape)])
    let extra = [UInt8](repeating: byte, count: try shape.byteCount(of: .f32))
    var bytes = layout.header
    for place in layout.tensors {
      bytes += stored.tensor(place.name).map { Array(stored.bytes(of: $0)) } ?? extra
    }
    try copy.write(bytes, as: "model.safetensors")
    return copy
  }

  @Test(
    "Buffers of the code, and zeros as biases of weights that have none, are left out",
    arguments: [
      ("transformer.h.0.attn.masked_bias", [1], 0xC5),
      ("transformer.rotary_emb.inv_freq", [8], 0x3F),
      ("transformer.h.1.attn.c_proj.bias", [64], 0), ("transformer.h.0.mlp.w2.bias", [96], 0),
    ] as [(String, [Int], UInt8)])
  func leftOut(name: String, extents: [Int], byte: UInt8) throws {
    let copy = try copy(with: name, extents, filledWith: byte)
    let plain = try Checkpoint(at: CheckpointFixture.qwen.path).tensors
    #expect(try Checkpoint(at: copy.path).tensors.map(\.name) == plain.map(\.name))
  }

  @Test(
    "A bias that is one, or is none of this weight, is refused",
    arguments: [
      ("transformer.h.1.attn.c_proj.bias", [64], 1), ("transformer.h.0.mlp.w2.bias", [95], 0),
      ("transformer.h.0.mlp.w3.bias", [96], 0), ("transformer.h.2.mlp.w2.bias", [96], 0),
    ] as [(String, [Int], UInt8)])
  func refusedBiases(name: String, extents: [Int], byte: UInt8) throws {
    let copy = try copy(with: name, extents, filledWith: byte)
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      (error as? CheckpointError)?.reason == .unknownTensor(name)
    }
  }

  @Test("A malformed list of ranks is an error that names the file and the line")
  func malformedRanks() throws {
    let copy = try CheckpointFixture.qwen.copy()
    try copy.write("IQ== 0\nIQ==\n", as: "qwen.tiktoken")
    let error = CheckpointError.Reason.tokenizer(
      .malformedRank(line: 2, expected: "a token in base64 and its rank"))
    for read in [
      { _ = try Checkpoint(at: copy.path) }, { _ = try Tokenizer(at: copy.path) },
    ] {
      #expect {
        try read()
      } throws: { found in
        (found as? CheckpointError)?.reason == error
          && (found as? CheckpointError)?.path?.lastComponent?.string == "qwen.tiktoken"
      }
    }
  }
}
