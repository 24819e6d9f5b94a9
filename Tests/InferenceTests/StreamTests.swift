import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Tokenizers
import Workers

@Suite(.timeLimit(.minutes(2))) struct StreamTests {
  private let folder: TemporaryFolder
  private let model: Model
  private let tokenizer: Tokenizer

  init() throws {
    folder = try TemporaryFolder()
    let file = try GGUFSet(try TinyModel.writeLetters(to: folder, contextLength: 5000))
    model = try Model(file)
    tokenizer = try Tokenizer(metadata: file.metadata)
  }

  private func generator(
    contextLength: Int = 100, pool: WorkerPool = WorkerPool(workerCount: 2)
  ) throws -> Generator {
    let session = try Session(model, contextLength: contextLength, pool: pool)
    return Generator(session, tokenizer: tokenizer)
  }

  @Test("A stream has the text of a plain generation, each token, and the statistics at the end")
  func equal() async throws {
    var expected = ""
    let statistics = try generator().generate("howareyou", limit: 20) { text in
      expected += text
      return true
    }
    var pieces: [GeneratedPiece] = []
    for try await piece in try AsyncGenerator(generator()).generate("howareyou", limit: 20) {
      pieces.append(piece)
    }
    #expect(pieces.map(\.text).joined() == expected)
    let popped = pieces.popLast()
    let last = try #require(popped)
    #expect(last.token == nil)
    #expect(last.statistics?.newTokenCount == statistics.newTokenCount)
    #expect(last.statistics?.stopReason == .tokenLimit)
    #expect(pieces.compactMap(\.token).count == 20)
    for piece in pieces { #expect(piece.token.map(tokenizer.piece) == piece.text) }
  }

  @Test("Leaving the loop ends the generation, and the next one starts anew")
  func leave() async throws {
    let streaming = AsyncGenerator(try generator(contextLength: 5000))
    func first(_ count: Int) async throws -> [Int32?] {
      var tokens: [Int32?] = []
      for try await piece in streaming.generate("howareyou") {
        tokens.append(piece.token)
        if tokens.count == count { break }
      }
      return tokens
    }
    let few = try await first(3)
    // It would wait for the lock of the first one if that went on to the end of the context.
    #expect(Array(try await first(6).prefix(3)) == few)
  }

  @Test("A cancelled task sees the end, also when its model is still reading the prompt")
  func cancelled() async throws {
    let streaming = AsyncGenerator(try generator(contextLength: 5000))
    let prompt = String(repeating: "abcdefgh", count: 600)
    let reader = Task {
      var count = 0
      for try await piece in streaming.generate(prompt) where piece.token != nil { count += 1 }
      return count
    }
    reader.cancel()
    #expect(try await reader.value == 0)
    var count = 0
    for try await piece in streaming.generate("abc", limit: 2) where piece.token != nil {
      count += 1
    }
    #expect(count == 2)
  }

  @Test("A prompt is interrupted between two batches, and what was seen is kept")
  func betweenBatches() throws {
    let session = try generator(contextLength: 5000).session
    let interruption = Interruption()
    // The second look at the token is the one that gathers its batch, the second of 512.
    var looks = 0
    let tokens = (0..<2000).lazy.map { index -> Int32 in
      if index == 600 {
        looks += 1
        if looks == 2 { interruption.interrupt() }
      }
      return Int32(3 + index % 26)
    }
    #expect(throws: ModelError.interrupted) {
      try session.forward(tokens, interruption: interruption)
    }
    #expect(session.history == Array(tokens.prefix(1024)))
    var sampler = try Sampler(.greedy)
    let statistics = try session.generate([3], sampler: &sampler, interruption: interruption) {
      _ in true
    }
    #expect(statistics.stopReason == .cancelled && statistics.promptTokenCount == 0)
  }

  @Test("An error reaches the reader")
  func failure() async throws {
    let streaming = AsyncGenerator(try generator(contextLength: 4))
    await #expect(
      throws: ModelError.contextFull(contextLength: 4, position: 0, tokenCount: 9)
    ) {
      for try await _ in streaming.generate("howareyou") {}
    }
  }

  @Test("Sessions over one mapping say at once what each says alone", arguments: [true, false])
  func sideBySide(sharesPool: Bool) async throws {
    let pool = WorkerPool(workerCount: 2)
    let prompts = ["howareyou", "abc", "Zebra", "to.be,or"]
    @Sendable func tokens(_ prompt: String) async throws -> [Int32] {
      let own = sharesPool ? pool : WorkerPool(workerCount: 2)
      var tokens: [Int32] = []
      for try await piece in AsyncGenerator(try generator(pool: own)).generate(prompt, limit: 40) {
        if let token = piece.token { tokens.append(token) }
      }
      return tokens
    }
    var alone: [[Int32]] = []
    for prompt in prompts { alone.append(try await tokens(prompt)) }
    let together = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for (index, prompt) in prompts.enumerated() {
        group.addTask { (index, try await tokens(prompt)) }
      }
      return try await group.reduce(into: [[Int32]](repeating: [], count: prompts.count)) {
        $0[$1.0] = $1.1
      }
    }
    #expect(together == alone)
  }

  @Test("A chat streams, and keeps an answer whose reader left")
  func chat() async throws {
    let chat = AsyncChat(try Chat(try generator()))
    var whole = ""
    for try await piece in chat.answer(to: "howareyou", limit: 5) { whole += piece.text }
    #expect(chat.messages.map(\.role) == ["user", "assistant"])
    #expect(chat.messages.last?.content.string == whole)
    for try await _ in chat.answer(to: "abc", limit: 30) { break }
    for try await _ in chat.answer(to: "xyz", limit: 1) {}
    #expect(chat.messages.count == 6)
    #expect(chat.messages[3].content.string.map { (1..<30).contains($0.count) } == true)
  }
}
