import Foundation
import TestSupport
import Testing

@Suite struct UsageTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("Help names every command and ends with 0")
  func help() throws {
    let help = try Program("--help")
    #expect(help.status == 0)
    for command in [
      "inspect", "convert", "quantize", "edit", "verify", "run", "tokenize", "bench",
    ] {
      #expect(help.output.contains(command))
      let own = try Program(command, "--help")
      #expect(own.status == 0)
      #expect(own.output.contains("quern \(command) "), "an example of \(command)")
    }
  }

  @Test(
    "Wrong usage ends with 64",
    arguments: [
      ["frobnicate"], ["inspect"], ["inspect", "x", "--threads", "0"], ["convert", "a"],
      ["quantize", "a", "b.gguf"], ["quantize", "a", "b.gguf", "--type", "Q9_K"],
      ["convert", "a", "b.gguf", "--type", "Q4_K_M"],
      ["run", "m", "--temperature", "-1", "-p", "x"],
      ["run", "m", "-p", "x", "--top-p", "2"], ["run", "m", "-p", "x", "--mirostat", "1"],
      ["run", "m", "-p", "x", "--logit-bias", "5"], ["run", "m", "-p", "x", "--stop", ""],
      ["run", "m", "--raw"], ["inspect", "x", "--quiet", "--verbose"],
      ["convert", "a", "b/", "--max-shard-size", "many"],
      ["bench", "m", "--repeats", "0"], ["bench", "m", "--prompt", "1,,2"],
      ["bench", "m", "--generate", "-1"], ["edit", "a.gguf", "b.safetensors", "--remove", "k"],
    ])
  func usage(arguments: [String]) throws {
    let program = try Program(arguments)
    #expect(program.status == 64)
    #expect(program.output.isEmpty)
    #expect(program.errors.contains("Usage: quern"))
  }

  @Test("An unknown kernel level ends with 64 and names those that there are")
  func kernels() throws {
    let program = try Program(
      "inspect", "x", environment: ["QUERN_KERNELS": "mmx"])
    #expect(program.status == 64)
    #expect(program.errors.contains("QUERN_KERNELS=mmx"))
    #expect(program.errors.contains("generic"))
  }

  @Test("A bad input is one line that names the file, and ends with 1")
  func badInput() throws {
    let missing = try Program("inspect", "/nowhere/model.gguf")
    #expect(missing.status == 1)
    #expect(
      missing.errors == "quern: /nowhere/model.gguf: cannot open: no such file or directory\n")
    let path = try folder.write(Array("GGUF\u{3}\0\0\0".utf8), as: "cut\u{1B}[31m.gguf")
    let cut = try Program("inspect", path.string)
    #expect(cut.status == 1)
    #expect(cut.errors.split(separator: "\n").count == 1)
    #expect(cut.errors.contains("cut\\u{1b}[31m.gguf: the file ends inside"))
    #expect(!cut.errors.contains("\u{1B}"))
  }

  @Test("PyTorch files are refused with advice")
  func pytorch() throws {
    let path = try folder.write(Array("PK\u{3}\u{4}....".utf8), as: "pytorch_model.bin")
    let program = try Program("inspect", path.string)
    #expect(program.status == 1)
    #expect(program.errors.contains("save the model as safetensors"))
  }
}
