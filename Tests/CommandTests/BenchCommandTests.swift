import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct BenchCommandTests {
  let folder: TemporaryFolder
  let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.path.appending("tiny.gguf").string
    let made = try Program("convert", fixture("checkpoints/tiny-llama"), model, "--quiet")
    try #require(made.status == 0, "\(made.errors)")
  }

  private func bench(_ more: String...) throws -> Program {
    try Program(["bench", model, "--repeats", "2"] + more)
  }

  @Test("The JSON object has ceilings, speeds with shares, and memory")
  func json() throws {
    let program = try bench("--json", "--prompt", "8,16", "--prompt", "4", "--generate", "3")
    #expect(program.status == 0)
    let object = try program.json()
    let ceilings = try #require(object["ceilings"] as? [String: Double])
    #expect(Set(ceilings.keys) == ["memory_read", "int8_macs", "float_macs"])
    #expect(ceilings.values.allSatisfy { $0 > 0 })
    let prompt = try #require(object["prompt"] as? [[String: Double]])
    #expect(prompt.map { $0["tokens"] } == [8, 16, 4])
    let generation = try #require(object["generation"] as? [[String: Double]])
    #expect(generation.map { $0["tokens"] } == [3])
    for speed in prompt + generation {
      #expect((speed["tokens_per_second"] ?? 0) > 0 && (speed["share"] ?? 0) > 0)
    }
    let memory = try #require(object["memory"] as? [String: Int])
    #expect(Set(memory.keys) == ["resident", "mapped", "heap", "cache", "workspace"])
  }

  @Test("Tokens in the cache before are said, compared, and must fit the context")
  func depth() throws {
    let first = try bench("--json", "--prompt", "8", "--generate", "3", "--depth", "100")
    #expect(try first.json()["depth"] as? Int == 100)
    let path = try folder.write(Array(first.output.utf8), as: "deep.json").string
    let other = try bench("--prompt", "8", "--generate", "3", "--compare", path)
    #expect(other.output.contains("tokens before: 0, then 100"))
    #expect(
      try bench("--depth", "20", "--prompt", "8", "--generate", "0").output.contains(
        "after 20 tokens"))
    let long = try bench("--depth", "510", "--prompt", "3")
    #expect(long.errors.hasPrefix("quern: \(model): a context of"))
    #expect(try bench("--depth", "-1").status == 64)
  }

  @Test("0 leaves prompts or generation out")
  func none() throws {
    let object = try bench("--json", "--prompt", "0", "--generate", "2").json()
    #expect((object["prompt"] as? [Any])?.isEmpty == true)
    #expect((object["generation"] as? [Any])?.count == 1)
  }

  @Test("An earlier result is compared with, for people and for programs")
  func compare() throws {
    let first = try bench("--json", "--prompt", "8", "--generate", "3")
    let path = try folder.write(Array(first.output.utf8), as: "before.json").string
    let table = try bench("--prompt", "8,9", "--generate", "3", "--compare", path)
    #expect(table.status == 0)
    #expect(table.output.contains("now / then"))
    #expect(table.output.contains("the spread"))
    #expect(!table.output.contains("\n\n\n"))
    let object = try bench("--json", "--prompt", "8,9", "--generate", "3", "--compare", path).json()
    let comparison = try #require(object["comparison"] as? [String: Any])
    let prompt = try #require(comparison["prompt"] as? [[String: Any]])
    #expect(prompt.count == 1)
    #expect((prompt.first?["ratio"] as? Double ?? 0) > 0)
    #expect(prompt.first?["beyond_spread"] is Bool)
    // What was compared can be compared with.
    let again = try folder.write(
      Array(try JSONSerialization.data(withJSONObject: object)), as: "again.json")
    #expect(try bench("--prompt", "8", "--generate", "3", "--compare", again.string).status == 0)
  }

  @Test("A file that is no earlier result is one line that names it, before anything is measured")
  func badFile() throws {
    let path = try folder.write(Array("{\"model\":\"x\"}".utf8), as: "bad.json").string
    let program = try bench("--compare", path)
    #expect(program.status == 1)
    #expect(program.output.isEmpty)
    #expect(
      program.errors
        == "quern: \(path): not a result of quern bench --json: field 'architecture' is missing\n")
    let missing = try bench("--compare", "/nowhere/before.json")
    #expect(
      missing.errors == "quern: /nowhere/before.json: cannot open: no such file or directory\n")
  }

  @Test("A size beyond the context is an error that names the model")
  func tooLong() throws {
    let program = try bench("--prompt", "513")
    #expect(program.status == 1)
    #expect(program.errors.hasPrefix("quern: \(model): a context of 513 tokens exceeds"))
  }
}
