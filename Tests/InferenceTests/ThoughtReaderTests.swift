import Inference
import Testing
import Tokenizers

@Suite struct ThoughtReaderTests {
  /// What is thought and what is said, of a text that comes in pieces of some length.
  private func read(_ text: String, after prompt: String, by length: Int) -> [AnswerPart] {
    var reader = ThoughtReader(after: prompt)
    var parts: [AnswerPart] = []
    var rest = text[...]
    while !rest.isEmpty {
      parts += reader.take(String(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return Self.joined(parts + reader.finish())
  }

  private static func joined(_ parts: [AnswerPart]) -> [AnswerPart] {
    parts.reduce(into: []) { joined, part in
      switch (joined.last, part) {
      case (.said(let before), .said(let text)): joined[joined.count - 1] = .said(before + text)
      case (.thought(let before), .thought(let text)):
        joined[joined.count - 1] = .thought(before + text)
      default: joined.append(part)
      }
    }
  }

  private static let harmony =
    "<|channel|>analysis<|message|>Hm.<|start|>assistant<|channel|>final<|message|>Hi <|x|>"

  @Test(
    "Thoughts and speech are told apart, wherever the text is cut",
    arguments: [
      (
        "<think>\nHm </thin</think>\n\nHi", "",
        [AnswerPart.thought("\nHm </thin"), .said("\n\nHi")]
      ),
      ("Hm</think>Hi</think>", "a <think>\n", [.thought("Hm"), .said("Hi</think>")]),
      ("Hi <think>no</think>", "", [.said("Hi <think>no</think>")]),
      ("  <thin air", "", [.said("  <thin air")]), ("<think>never", "", [.thought("never")]),
      ("[THINK]Hm[/THINK]Hi", "", [.thought("Hm"), .said("Hi")]),
      (harmony, "", [.thought("Hm."), .said("Hi <|x|>")]),
      ("<|message|>Hi", "", [.said("<|message|>Hi")]), ("", "", []), (" ", "", [.said(" ")]),
    ], [1, 2, 3, 7, 1000])
  func parts(case: (text: String, prompt: String, expected: [AnswerPart]), length: Int) {
    #expect(read(`case`.text, after: `case`.prompt, by: length) == `case`.expected)
  }

  @Test(
    "Thoughts of Harmony become a field of the message, others stay for the template to cut out")
  func messages() {
    let harmony = ChatMessage(answer: Self.harmony)
    #expect(harmony.content == .string("Hi <|x|>"))
    #expect(harmony.fields == [.init("thinking", .string("Hm."))])
    let other = ChatMessage(answer: "<think>Hm</think>Hi")
    #expect(other == ChatMessage(role: "assistant", content: "<think>Hm</think>Hi"))
  }
}
