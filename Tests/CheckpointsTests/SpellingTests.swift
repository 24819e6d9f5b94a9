import Checkpoints
import TestSupport
import Testing

/// Words of `config.json` that mean the same.
@Suite struct SpellingTests {
  @Test("The activation has two names")
  func activation() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace("\"hidden_act\": \"silu\"", with: "\"hidden_act\": \"swish\"")
    _ = try Checkpoint(at: copy.path)
  }
}
