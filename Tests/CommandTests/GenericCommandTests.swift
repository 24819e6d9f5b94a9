import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct GenericCommandTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  @Test("An unknown architecture is refused with advice, and converted there and back when asked")
  func unknown() throws {
    try FileManager.default.copyItem(
      atPath: fixture("checkpoints/tiny-qwen3"), toPath: path("mill"))
    let config = FilePath(path("mill/config.json"))
    let text = String(decoding: try readBytes(config), as: UTF8.self)
      .replacing("Qwen3ForCausalLM", with: "MillForCausalLM").replacing(
        "\"qwen3\"", with: "\"mill\"")
    try Data(text.utf8).write(to: URL(fileURLWithPath: config.string))

    let refused = try Program("convert", path("mill"), path("mill.gguf"))
    #expect(refused.status == 1)
    #expect(refused.errors.contains("known are LlamaForCausalLM, "))
    #expect(refused.errors.contains("--generic"))
    #expect(try Program("convert", path("mill"), path("mill.gguf"), "--generic").status == 0)
    #expect(try Program("convert", path("mill.gguf"), path("back") + "/").status == 1)
    #expect(
      try Program("convert", path("mill.gguf"), path("back") + "/", "--generic").status == 0)
    let weights = "model.safetensors"
    #expect(
      try readBytes(FilePath(path("back/" + weights)))
        == readBytes(FilePath(path("mill/" + weights))))
  }
}
