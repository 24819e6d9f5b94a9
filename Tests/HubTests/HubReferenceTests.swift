import Hub
import Testing

struct HubReferenceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let repository: String
    var revision = "main"
    var choice: String?
    var testDescription: String { text }
  }

  static let commit = "0123456789abcdef0123456789abcdef01234567"

  static let cases = [
    Case(text: "Qwen/Qwen2.5-0.5B-Instruct", repository: "Qwen/Qwen2.5-0.5B-Instruct"),
    Case(text: "gpt2", repository: "gpt2"),
    Case(text: "org/name/", repository: "org/name"),
    Case(text: "org/name:Q4_K_M", repository: "org/name", choice: "Q4_K_M"),
    Case(text: "org/name:a/b.gguf", repository: "org/name", choice: "a/b.gguf"),
    Case(text: "org/name@v1.0", repository: "org/name", revision: "v1.0"),
    Case(text: "org/name@refs/pr/3", repository: "org/name", revision: "refs/pr/3"),
    Case(text: "org/name@v1:x.gguf", repository: "org/name", revision: "v1", choice: "x.gguf"),
    Case(text: "org/name:x.gguf@v1", repository: "org/name", revision: "v1", choice: "x.gguf"),
    Case(text: "hf:org/name:Q8_0", repository: "org/name", choice: "Q8_0"),
    Case(text: "hf:org/name@\(commit)", repository: "org/name", revision: commit),
    Case(text: "hf://org/name", repository: "org/name"),
    Case(text: "hf://models/org/name", repository: "org/name"),
    Case(
      text: "hf://org/name@dev/sub/x.gguf", repository: "org/name", revision: "dev",
      choice: "sub/x.gguf"),
    Case(text: "https://huggingface.co/org/name", repository: "org/name"),
    Case(text: "https://huggingface.co/org/name/", repository: "org/name"),
    Case(text: "hf.co/org/name:Q4_K_M", repository: "org/name", choice: "Q4_K_M"),
    Case(text: "https://huggingface.co/org/name/tree/dev", repository: "org/name", revision: "dev"),
    Case(
      text: "https://huggingface.co/org/name/tree/main/Q4_K_M", repository: "org/name",
      choice: "Q4_K_M/"),
    Case(
      text: "https://huggingface.co/org/name/blob/refs%2Fpr%2F1/a%20b.gguf",
      repository: "org/name", revision: "refs/pr/1", choice: "a b.gguf"),
    Case(
      text: "https://huggingface.co/org/name/resolve/main/x.gguf?download=true",
      repository: "org/name", choice: "x.gguf"),
  ]

  @Test("A reference says its repository, revision and choice", arguments: cases)
  func parses(_ example: Case) throws {
    let reference = try HubReference(example.text)
    #expect(reference.repository == example.repository)
    #expect(reference.revision == example.revision)
    #expect(reference.choice == example.choice)
  }

  @Test(
    "What names no model, or would leave the cache's folder, is refused",
    arguments: [
      "", "/", "a/b/c", "../x", "org/..", "org/na--me", "org/.git", "-a/b", "a b/c", "org/name@",
      "org/name@../../x", "org/name@/etc", "org/name:", "org/name@a\nb", "datasets/org/name",
      "datasets/x", "https://huggingface.co/org/name/discussions/1", "https://example.com/a/b",
      "hf:", "hf://", "org/name?x=1",
    ])
  func refuses(_ text: String) {
    #expect(throws: HubError.self) { try HubReference(text) }
  }

  @Test("Only hf: and the hub's pages are taken for a model where a path may stand")
  func ambiguity() {
    #expect(HubReference.isReference("hf:org/name"))
    #expect(HubReference.isReference("https://huggingface.co/org/name"))
    #expect(!HubReference.isReference("org/name"))
    #expect(!HubReference.isReference("./hf/org"))
  }
}
