import Foundation
import TestSupport
import Testing

@Suite struct RunCommandTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.path.appending("tiny.gguf").string
    let made = try Program("convert", fixture("checkpoints/tiny-llama"), model, "--quiet")
    try #require(made.status == 0, "\(made.errors)")
  }

  private func run(_ more: String...) throws -> Program {
    try Program(
      ["run", model, "--raw", "-p", "Once upon a time", "-n", "8", "--temperature", "0"] + more)
  }

  @Test("A file that is read into memory says the same as a mapped one")
  func noMap() throws {
    let mapped = try run()
    let copied = try run("--no-map")
    #expect(mapped.status == 0 && copied.status == 0)
    #expect(mapped.output == copied.output)
  }

  @Test("Memory in use is said: all of it, mapped, own, cache and workspace")
  func memory() throws {
    let memory = try #require(try run("--json").json()["memory"] as? [String: Int])
    #expect(Set(memory.keys) == ["resident", "mapped", "heap", "cache", "workspace"])
    #expect(memory.values.allSatisfy { $0 > 0 })
    #expect(try run("--verbose").errors.contains("\nmemory: "))
  }

  @Test("What is no GGUF is one line, and one that says what to do")
  func conversion() throws {
    let folder = fixture("checkpoints/tiny-llama")
    for path in [folder, folder + "/model.safetensors"] {
      let program = try Program("run", path, "-p", "a")
      #expect(program.status == 1)
      #expect(
        program.errors
          == "quern: \(path): expected a GGUF to run\n  quern convert \(path) model.gguf makes one\n"
      )
    }
  }

  @Test("Ctrl-C ends an answer, which gets its statistics")
  func interrupted() throws {
    guard FailingCalls.isAvailable else { return }
    let program = try Program(
      ["run", model, "--raw", "-p", "Once upon a time", "-n", "400", "--temperature", "0"],
      environment: FailingCalls.environment("print 5 signal \(SIGINT)"))
    #expect(program.status == 130)
    #expect(program.output.hasSuffix("\n"))
    #expect(program.errors.contains("; answer "))
    #expect(!program.errors.contains("answer 400 tokens"))
  }

  @Test("Ctrl-C ends an answer of a chat, not the chat")
  func interruptedChat() throws {
    guard FailingCalls.isAvailable else { return }
    let program = try Program(
      ["run", model, "-n", "20", "--temperature", "0", "--verbose"], input: "a\nb\n",
      environment: FailingCalls.environment("print 3 signal \(SIGINT)"))
    #expect(program.status == 0, "\(program.errors)")
    #expect(program.errors.components(separatedBy: "; answer ").count == 3)
    #expect(program.errors.components(separatedBy: "; answer 20 tokens").count == 2)
  }
}
