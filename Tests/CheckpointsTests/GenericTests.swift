import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

/// Checkpoints of architectures that are not known.
@Suite struct GenericTests {
  private func unknown() throws -> CheckpointCopy {
    let copy = try CheckpointFixture.qwen3.copy(named: "mill")
    try copy.replace("Qwen3ForCausalLM", with: "MillForCausalLM")
    try copy.replace("\"model_type\": \"qwen3\"", with: "\"model_type\": \"mill\"")
    return copy
  }

  @Test("Without being asked, the refusal says which architectures exist")
  func refused() throws {
    let copy = try unknown()
    #expect {
      try Checkpoint(at: copy.path)
    } throws: { error in
      guard
        case .unknownArchitecture("MillForCausalLM", let known)? =
          (error as? CheckpointError)?.reason
      else { return false }
      return known.contains("Glm4ForCausalLM") && known.contains("MistralForCausalLM")
    }
  }

  @Test("Tensors keep names and order of rows, the tokenizer comes along")
  func tensors() throws {
    let copy = try unknown()
    let checkpoint = try Checkpoint(at: copy.path, isGeneric: true)
    let weights = try SafetensorsBytes(copy.path)
    #expect(Set(checkpoint.tensors.map(\.name)) == Set(weights.names))
    for tensor in checkpoint.tensors { #expect(tensor.bytes == weights.bytes(of: tensor.name)) }
    #expect(checkpoint.architecture == "mill")
    #expect(checkpoint.metadata.string("general.architecture") == "mill")
    #expect(checkpoint.metadata.strings("tokenizer.ggml.tokens")?.count == 288)
    #expect(checkpoint.warnings.count == 1)
  }

  @Test("A tokenizer that has no place is left out with a warning")
  func noTokenizer() throws {
    let copy = try unknown()
    try copy.remove("tokenizer.json")
    let checkpoint = try Checkpoint(at: copy.path, isGeneric: true)
    #expect(checkpoint.metadata["tokenizer.ggml.model"] == nil)
    #expect(checkpoint.warnings.contains { $0.hasPrefix("the tokenizer is left out") })
  }

  @Test("A known architecture is converted as ever")
  func known() throws {
    let asked = try Checkpoint(at: CheckpointFixture.qwen3.path, isGeneric: true)
    #expect(asked.tensors.contains { $0.name == "blk.0.attn_q_norm.weight" })
  }

  @Test("A folder made from such a GGUF has the same tensors")
  func wayBack() throws {
    let copy = try unknown()
    var checkpoint = try Checkpoint(at: copy.path, isGeneric: true)
    checkpoint.origin = .gguf
    #expect(throws: CheckpointError.self) { try HuggingFaceFolder(of: checkpoint) }
    let folder = try HuggingFaceFolder(of: checkpoint, isGeneric: true)
    let weights = try SafetensorsBytes(copy.path)
    #expect(folder.shards.flatMap(\.tensors).count == weights.names.count)
    for tensor in folder.shards.flatMap(\.tensors) {
      #expect(tensor.bytes == weights.bytes(of: tensor.name), "\(tensor.name)")
    }
    let config = try #require(folder.textFiles.first { $0.name == "config.json" })
    #expect(try JSONValue(parsing: config.bytes)["model_type"]?.string == "mill")
  }
}
