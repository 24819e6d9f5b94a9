import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

@Suite struct FolderTests {
  @Test(
    "A folder written from a GGUF reads as that GGUF again, to the byte",
    arguments: CheckpointFixture.allCases)
  func roundTrip(_ fixture: CheckpointFixture) throws {
    let original = try asGGUF(fixture.path)
    let temporary = try TemporaryFolder()
    // A name that says nothing about the model.
    let path = temporary.path.appending("folder")
    try write(try HuggingFaceFolder(of: original), into: path)
    let again = try Checkpoint(at: path)
    #expect(again.metadata.keys.sorted() == original.metadata.keys.sorted())
    for (key, value) in original.metadata.entries {
      #expect(again.metadata[key] == value, "\(key)")
    }
    let tensors = Dictionary(uniqueKeysWithValues: again.tensors.map { ($0.name, $0) })
    #expect(tensors.count == original.tensors.count)
    for tensor in original.tensors {
      let other = try #require(tensors[tensor.name])
      #expect(other.type == tensor.type && other.shape == tensor.shape)
      #expect(other.bytes == tensor.bytes, "\(tensor.name)")
    }
  }

  @Test(
    "Its tensors have their old names and rows", arguments: CheckpointFixture.allCases)
  func tensors(_ fixture: CheckpointFixture) throws {
    let weights = try SafetensorsBytes(fixture.path)
    let folder = try HuggingFaceFolder(of: try asGGUF(fixture.path))
    #expect(folder.shards.map(\.name) == ["model.safetensors"])
    let shard = folder.shards[0]
    #expect(shard.tensors.map(\.name) == shard.layout.tensors.map(\.name))
    #expect(Set(shard.tensors.map(\.name)) == Set(weights.names))
    for tensor in shard.tensors {
      #expect(tensor.bytes == weights.bytes(of: tensor.name), "\(tensor.name)")
      #expect(tensor.source.rowOrder == .asStored && tensor.source.shift == 0)
    }
  }

  @Test("Rows of a llama GGUF are turned back to halves")
  func turnedBack() throws {
    var checkpoint = try asGGUF(CheckpointFixture.llama.path)
    for place in checkpoint.tensors.indices {
      checkpoint.tensors[place].source.rowOrder = .asStored
    }
    let tensors = try HuggingFaceFolder(of: checkpoint).shards[0].tensors
    let orders = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.source.rowOrder) })
    #expect(orders["model.layers.1.self_attn.q_proj.weight"] == .halves(heads: 4))
    #expect(orders["model.layers.0.self_attn.k_proj.weight"] == .halves(heads: 2))
    #expect(orders["model.layers.0.self_attn.v_proj.weight"] == .asStored)
  }

  @Test("Shards hold what fits, in the order of the model, and the index knows each tensor")
  func shards() throws {
    let checkpoint = try asGGUF(CheckpointFixture.qwen2.path)
    let whole = try HuggingFaceFolder(of: checkpoint)
    let folder = try HuggingFaceFolder(of: checkpoint, maxShardByteCount: 80_000)
    #expect(folder.shards.count > 2)
    #expect(folder.shards[0].name == "model-00001-of-0000\(folder.shards.count).safetensors")
    #expect(folder.shards[0].tensors.map(\.name).contains("model.embed_tokens.weight"))
    #expect(folder.shards.last?.tensors.map(\.name) == ["lm_head.weight"])
    for shard in folder.shards {
      #expect(shard.layout.tensors.reduce(0) { $0 + $1.byteCount } <= 80_000)
    }
    let index = try json("model.safetensors.index.json", of: folder)
    let bytes = whole.shards[0].layout.tensors.reduce(0) { $0 + $1.byteCount }
    #expect(index["metadata"]?["total_size"]?.integer == bytes)
    let map = try #require(index["weight_map"]?.object)
    #expect(map.count == checkpoint.tensors.count)
    for shard in folder.shards {
      for tensor in shard.tensors {
        #expect(index["weight_map"]?[tensor.name]?.string == shard.name)
      }
    }
    #expect(!whole.textFiles.contains { $0.name == "model.safetensors.index.json" })
  }

  @Test("The configuration says what the metadata say")
  func configuration() throws {
    let folder = try HuggingFaceFolder(of: try asGGUF(CheckpointFixture.llama.path), type: .bf16)
    let config = try json("config.json", of: folder)
    #expect(config["architectures"] == .array([.string("LlamaForCausalLM")]))
    #expect(config["rms_norm_eps"] == .number(1e-5))
    #expect(config["rope_theta"] == .number(100_000))
    #expect(config["tie_word_embeddings"] == .bool(true))
    #expect(config["torch_dtype"] == .string("bfloat16"))
    #expect(config["head_dim"] == .integer(16))
    #expect(config["vocab_size"] == .integer(500))
    let settings = try json("tokenizer_config.json", of: folder)
    #expect(settings["bos_token"] == .string("<|im_start|>"))
    #expect(settings["chat_template"]?.string?.isEmpty == false)
    let generation = try json("generation_config.json", of: folder)
    #expect(generation["eos_token_id"] == .integer(2))
  }

  @Test("A cast keeps single precision for vectors that would lose something")
  func castVectors() throws {
    let folder = try HuggingFaceFolder(of: try asGGUF(CheckpointFixture.llama.path), type: .bf16)
    for tensor in folder.shards[0].layout.tensors {
      #expect(tensor.type == (tensor.shape.dimensions.count == 1 ? .f32 : .bf16))
    }
    let exact = try HuggingFaceFolder(of: try asGGUF(CheckpointFixture.qwen2.path), type: .bf16)
    #expect(exact.shards[0].layout.tensors.allSatisfy { $0.type == .bf16 })
  }

  @Test("Llama 3's divisors turn back into its parameters")
  func llama3() throws {
    let copy = try CheckpointFixture.llama.copy()
    for (scaling, base) in [
      (llama3Scaling, "100000"), (llama3Scaling.replacing("8192", with: "4096"), "100000"),
      (llama3Scaling.replacing("32.0", with: "8.0"), "500000"),
      (llama3Scaling.replacing("4.0", with: "64.0").replacing("8192", with: "10000"), "10000"),
    ] {
      let edited = try CheckpointFixture.llama.copy()
      try edited.replace("\"rope_theta\": 100000", with: "\"rope_theta\": \(base)")
      try edited.replace("\"rope_scaling\": null", with: "\"rope_scaling\": \(scaling)")
      let checkpoint = try asGGUF(edited.path)
      let config = try json("config.json", of: try HuggingFaceFolder(of: checkpoint))
      #expect(config["rope_scaling"]?["rope_type"] == .string("llama3"))
      let temporary = try TemporaryFolder()
      try write(try HuggingFaceFolder(of: checkpoint), into: temporary.path)
      let again = try Checkpoint(at: temporary.path)
      guard case .values(let divisors) = checkpoint.tensors[0].source.content,
        case .values(let others) = again.tensors[0].source.content
      else {
        Issue.record("expected values")
        return
      }
      for (divisor, other) in zip(divisors, others) {
        #expect(abs(divisor - other) <= 1e-5 * divisor)
      }
    }
    var broken = try asGGUF(copy.path)
    broken.tensors.insert(
      CheckpointTensor(
        name: "rope_freqs.weight", type: .f32, shape: try Shape([8]),
        source: TensorSource(.values([1, 7, 1, 3, 2, 9, 1, 1]))), at: 0)
    #expect(throws: CheckpointError.self) { try HuggingFaceFolder(of: broken) }
  }

  @Test("A folder made from a folder keeps its text files, but for the type")
  func copies() throws {
    let checkpoint = try Checkpoint(at: CheckpointFixture.qwen2.path)
    let folder = try HuggingFaceFolder(of: checkpoint, type: .f16)
    #expect(
      folder.textFiles.map(\.name) == [
        "chat_template.jinja", "config.json", "generation_config.json", "logits.json",
        "tokenizer.json", "tokenizer_config.json",
      ])
    let source = try readBytes(CheckpointFixture.qwen2.path.appending("tokenizer.json"))
    #expect(folder.textFiles.first { $0.name == "tokenizer.json" }?.bytes == source)
    #expect(try json("config.json", of: folder)["dtype"] == .string("float16"))
    #expect(folder.shards[0].layout.tensors.allSatisfy { $0.type == .f16 })
  }

  @Test("The written tokenizer gives the tokens of the GGUF")
  func tokenizer() throws {
    for fixture in CheckpointFixture.allCases {
      let checkpoint = try asGGUF(fixture.path)
      let temporary = try TemporaryFolder()
      try write(try HuggingFaceFolder(of: checkpoint), into: temporary.path)
      let (ours, theirs) = (
        try Tokenizer(metadata: checkpoint.metadata), try Tokenizer(at: temporary.path)
      )
      let text = "<|im_start|>I'm 42, isn't über <tool_call> 1234?\r\n\t x<|im_end|>"
      #expect(
        ours.encode(text, addSpecial: true, parseSpecial: true)
          == theirs.encode(text, addSpecial: true, parseSpecial: true))
    }
  }

  @Test("A GGUF that has no such folder is refused")
  func refused() throws {
    func reason(_ edit: (inout Checkpoint) throws -> Void) throws -> CheckpointError.Reason? {
      var checkpoint = try asGGUF(CheckpointFixture.llama.path)
      try edit(&checkpoint)
      do {
        _ = try HuggingFaceFolder(of: checkpoint)
        return nil
      } catch let error as CheckpointError {
        return error.reason
      }
    }
    #expect(
      try reason { $0.architecture = "gemma9" }
        == .unknownArchitecture(
          "gemma9",
          known: [
            "llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "olmo2", "smollm3", "granite",
            "glm4", "qwen2moe", "qwen3moe", "phi3", "gpt2", "starcoder2", "stablelm", "qwen",
            "gpt-oss",
          ]))
    #expect(
      try reason {
        $0.architecture = "qwen3"
        $0.metadata["qwen3.expert_count"] = .uint32(8)
      } == .unsupported(key: "expert_count", value: "8"))
    #expect(
      try reason { $0.metadata["llama.expert_count"] = .uint32(8) }
        == .unknownTensor("blk.0.ffn_down.weight"))
    #expect(
      try reason { $0.metadata["tokenizer.ggml.model"] = .string("rwkv") }
        == .unsupported(key: "tokenizer.ggml.model", value: "rwkv"))
    #expect(
      try reason { $0.tensors.removeLast() } == .missingTensor("output_norm.weight"))
    #expect(
      try reason { $0.tensors[0].name = "blk.7.attn_q.weight" }
        == .missingTensor("token_embd.weight"))
    #expect(
      try reason { $0.tensors[1].name = "blk.7.attn_q.weight" }
        == .unknownTensor("blk.7.attn_q.weight"))
    for heads in [UInt32(0), 3, 5] {
      #expect(try reason { $0.metadata["llama.attention.head_count"] = .uint32(heads) } != nil)
    }
    for key in ["block_count", "embedding_length", "context_length", "feed_forward_length"] {
      #expect(try reason { $0.metadata["llama.\(key)"] = nil } != nil)
      #expect(try reason { $0.metadata["llama.\(key)"] = .string("many") } != nil)
    }
  }
}
