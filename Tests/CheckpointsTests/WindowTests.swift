import Checkpoints
import GGUF
import TestSupport
import Testing
import Tokenizers

/// Windows of Mistral and Mixtral, whose GGUFs are of the same architecture as Llama's.
@Suite struct WindowTests {
  private static let key = "llama.attention.sliding_window"

  private func checkpoint(
    _ fixture: CheckpointFixture, window: String, contextLength: Int = 256
  ) throws -> Checkpoint {
    let copy = try fixture.copy()
    try copy.replace("\"sliding_window\": null", with: window)
    try copy.replace(
      "\"max_position_embeddings\": 256", with: "\"max_position_embeddings\": \(contextLength)")
    return try Checkpoint(at: copy.path)
  }

  @Test(
    "A window shorter than the context is stated and comes back with its class",
    arguments: [CheckpointFixture.mistral, .mixtral])
  func stated(_ fixture: CheckpointFixture) throws {
    var found = try checkpoint(fixture, window: "\"sliding_window\": 128")
    #expect(found.metadata[Self.key] == .uint32(128))
    #expect(found.warnings.isEmpty)
    found.origin = .gguf
    let config = try json("config.json", of: HuggingFaceFolder(of: found))
    #expect(config["sliding_window"]?.integer == 128)
    let name = fixture == .mistral ? "MistralForCausalLM" : "MixtralForCausalLM"
    #expect(config["architectures"]?.array?.first?.string == name)
  }

  @Test(
    "A window that nothing lies beyond is none",
    arguments: ["\"sliding_window\": null", "\"sliding_window\": 256", "\"sliding_window\": 4096"])
  func none(_ window: String) throws {
    var found = try checkpoint(.mistral, window: window)
    #expect(found.metadata[Self.key] == nil)
    found.origin = .gguf
    let config = try json("config.json", of: HuggingFaceFolder(of: found))
    #expect(config["architectures"]?.array?.first?.string == "LlamaForCausalLM")
  }

  @Test("A window that is left out is what transformers takes")
  func leftOut() throws {
    for (fixture, expected) in [(CheckpointFixture.mistral, 4096), (.mixtral, nil as Int?)] {
      let found = try checkpoint(fixture, window: "\"unknown\": 0", contextLength: 8192)
      #expect(found.metadata.integer(Self.key) == expected)
    }
  }
}
