import Foundation
import TestSupport
import Testing

@Suite struct AllocationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func model(of checkpoint: String) throws -> String {
    let model = folder.path.appending("tiny.gguf").string
    let made = try Program("convert", try Self.speaker(checkpoint, in: folder), model, "--quiet")
    try #require(made.status == 0, "\(made.errors)")
    return model
  }

  /// A tiny checkpoint that says ASCII alone: text that is no UTF-8 would be repaired in memory of its own.
  private static func speaker(
    _ checkpoint: String, in folder: TemporaryFolder
  ) throws -> String {
    let source = URL(fileURLWithPath: fixture("checkpoints/\(checkpoint)"))
    let copy = URL(fileURLWithPath: folder.path.appending("speaker").string)
    try FileManager.default.copyItem(at: source, to: copy)
    let file = copy.appendingPathComponent("tokenizer.json")
    var tokenizer = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var model = try #require(tokenizer["model"] as? [String: Any])
    let vocabulary = try #require(model["vocab"] as? [String: Int])
    let merges = try #require(model["merges"] as? [[String]])
    func isPlain(_ text: String) -> Bool {
      text.unicodeScalars.allSatisfy { $0.isASCII || $0 == "\u{120}" }  // a space
    }
    model["vocab"] = Dictionary(
      uniqueKeysWithValues: vocabulary.map { (isPlain($0) ? $0 : "<\($1)>", $1) })
    model["merges"] = merges.filter { $0.allSatisfy(isPlain) }
    tokenizer["model"] = model
    try FileManager.default.removeItem(at: file)
    try JSONSerialization.data(withJSONObject: tokenizer).write(to: file)
    return copy.path
  }

  /// What was counted between the 10th and the 60th piece of text.
  private func count(
    _ more: [String], of checkpoint: String = "tiny-llama"
  ) throws -> (allocations: Int, locks: Int)? {
    guard let library = PreloadedLibrary("counting-calls") else { return nil }
    defer { library.remove() }
    let program = try Program(
      [
        "run", try model(of: checkpoint), "--raw", "-p", "Once upon a time", "-n", "400", "--quiet",
        "--seed", "1",
      ]
        + more,
      environment: ["LD_PRELOAD": library.path, "COUNTED_WRITES": "10 60"])
    try #require(program.status == 0, "\(program.errors)")
    let words = program.errors.split(whereSeparator: \.isWhitespace)
    try #require(words.count == 4 && words[0] == "counted", "\(program.errors)")
    let numbers = words.dropFirst().compactMap { Int($0) }
    try #require(numbers.count == 3 && numbers[2] > 60, "too little text: \(program.errors)")
    return (numbers[0], numbers[1])
  }

  @Test(
    "Nothing is allocated for a token, and no lock taken",
    arguments: [
      ["--temperature", "0"], [], ["--repeat-penalty", "1.1"], ["--mirostat", "2"],
    ])
  func oneThread(sampling: [String]) throws {
    guard let counted = try count(["--threads", "1"] + sampling) else { return }
    #expect(counted.allocations == 0)
    #expect(counted.locks == 0)
  }

  @Test(
    "Nothing is allocated for a token of a mixture of experts, and no lock taken",
    arguments: ["tiny-mixtral", "tiny-qwen2moe"])
  func experts(checkpoint: String) throws {
    guard let counted = try count(["--threads", "1"], of: checkpoint) else { return }
    #expect(counted.allocations == 0)
    #expect(counted.locks == 0)
  }

  /// Workers that found nothing to do sleep, and are woken under a lock.
  @Test("Nothing is allocated for a token on several threads")
  func threads() throws {
    guard let counted = try count(["--threads", "2"]) else { return }
    #expect(counted.allocations == 0)
  }
}
