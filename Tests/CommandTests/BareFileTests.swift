import GGUF
import TensorCore
import TestSupport
import Testing

/// GGUFs that say little or nothing about themselves.
@Suite struct BareFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  /// Three tensors, no key.
  private func writeBare() throws -> [UInt8] {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata(),
      tensors: ["a", "b", "c"].map { ($0, TensorType.f32, try Shape([8])) })
    var bytes = layout.header
    while bytes.count < layout.byteCount { bytes.append(UInt8(bytes.count % 61)) }
    _ = try folder.write(bytes, as: "bare.gguf")
    return bytes
  }

  @Test("A GGUF without an architecture is copied, split and merged as it is")
  func moved() throws {
    let bytes = try writeBare()
    for arguments in [
      [path("bare.gguf"), path("copy.gguf")],
      [path("bare.gguf"), path("parts.gguf"), "--max-shard-tensors", "1"],
      [path("parts-00002-of-00003.gguf"), path("merged.gguf")],
    ] {
      let program = try Program(["convert"] + arguments + ["--quiet"])
      #expect(program.status == 0, "\(arguments): \(program.errors)")
    }
    #expect(try readBytes(folder.path.appending("copy.gguf")) == bytes)
    #expect(try readBytes(folder.path.appending("merged.gguf")) == bytes)
  }

  @Test(
    "What depends on the architecture is refused without one",
    arguments: [["convert", "folder/"], ["quantize", "small.gguf", "--type", "Q4_K_M"]])
  func refused(_ arguments: [String]) throws {
    _ = try writeBare()
    let program = try Program(
      [arguments[0], path("bare.gguf"), path(arguments[1])] + arguments.dropFirst(2))
    #expect(program.status == 1)
    #expect(
      program.errors == "quern: \(path("bare.gguf")): the metadata lack general.architecture\n")
  }

  @Test("An error names the file also when it holds no tensor")
  func named() throws {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([("general.architecture", .string("llama"))]), tensors: [])
    _ = try folder.write(layout.header, as: "empty.gguf")
    let program = try Program("convert", path("empty.gguf"), path("folder") + "/")
    #expect(program.status == 1)
    #expect(program.errors.hasPrefix("quern: \(path("empty.gguf")): llama.block_count: expected"))
    _ = try folder.write(Array("1 2".utf8), as: "ids")
    let logits = try Program(
      "logits", path("empty.gguf"), "--ids", path("ids"), "--output", path("logits"))
    #expect(logits.status == 1)
    #expect(logits.errors.hasPrefix("quern: \(path("empty.gguf")): "))
  }
}
