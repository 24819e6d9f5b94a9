import ArgumentParser
import Foundation
import Inference
import MappedFiles
import Quality
import SystemPackage
import TensorCore
import Tokenizers

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Generate text; without a prompt, chat.",
    discussion: """
      The weights are used where they lie in the file. The text alone goes to
      standard output.

      Examples:
        quern run model.gguf -p "Why is the sky blue?"
        quern run hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M
        quern run model.gguf --raw -p "Once upon a time" -n 100 --temperature 0
        quern run model.gguf --raw -p "1. Flour" --top-p 0.9 --stop "\\n\\n"
        quern run model.gguf --system "Answer in one sentence."
        quern run model.gguf -p "Name a city." --grammar city.gbnf
        quern run model.gguf -p "Describe Rome in JSON." --json-schema city.json
        quern run model.gguf --context 32768 --cache-type q8_0
      """)

  @Argument(
    help: "A .gguf file, any part of a split one, or hf:ORG/NAME:TYPE.", completion: .file())
  var model: String

  @Option(name: .shortAndLong, help: "What to answer or, with --raw, to continue.")
  var prompt: String?

  @Option(name: .customShort("n"), help: ArgumentHelp("New tokens, at most.", valueName: "count"))
  var count: Int?

  @OptionGroup(title: "Sampling") var sampling: SamplingFlags

  @OptionGroup(title: "Form of the text") var form: GrammarFlags

  @Option(
    help: ArgumentHelp(
      "Tokens that prompt and answer may take together. (default: 4096, or the model's limit)",
      valueName: "tokens"))
  var context: Int?

  @OptionGroup var cache: CacheFlags

  @OptionGroup var weights: WeightsFlags

  @Flag(help: "Use no chat template: continue the prompt as it is.")
  var raw = false

  @Option(help: "What the model is told before the first message.")
  var system: String?

  @OptionGroup var thinking: ThinkingFlags

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let count, count < 0 { throw ValidationError("-n takes 0 or more, found \(count)") }
    if let context, context < 1 { throw ValidationError("--context takes a number above 0") }
    if raw && system != nil { throw ValidationError("--raw uses no chat template, so no --system") }
    if raw && prompt == nil { throw ValidationError("--raw continues a prompt: give -p") }
    if raw && thinking.think != nil {
      throw ValidationError("--raw uses no chat template, so neither --think nor --no-think")
    }
    if output.json && prompt == nil { throw ValidationError("--json needs a prompt: give -p") }
  }

  mutating func run() throws {
    model = try ModelArgument.path(model, output) { path in
      if !path.lowercased().hasSuffix(".gguf") { throw noGGUF }
    }
    do {
      let start = ContinuousClock.now
      try requireGGUF()
      let pool = output.makePool()
      let generator = try Generator(
        file: try weights.open(model, on: pool, output), contextLength: context,
        cacheType: cache.type, pool: pool)
      let constraint = try form.makeConstraint(generator.tokenizer)
      let loading = (ContinuousClock.now - start) / .seconds(1)
      guard let prompt else {
        var loop = ChatLoop(
          try makeChat(generator, overflow: .forgetOldest), sampling: sampling.parameters,
          limit: count, constraint: constraint, showsThoughts: !thinking.hidesThinking,
          output: output)
        return try loop.run()
      }
      try answer(prompt, generator, constraint, loading: loading)
    } catch let error as ModelError {
      throw Failure("\(error)", path: model, advice: advice(on: error))
    } catch let error as GrammarError {
      throw Failure("\(error)", path: form.path)
    } catch TokenizerError.noChatTemplate {
      throw Failure(
        "the model has no chat template", path: model,
        advice: "quern run \(model) --raw -p … continues a text without one")
    } catch let error as TokenizerError {
      throw Failure("tokenizer: \(error)", path: model)
    } catch let error as ChatTemplateError {
      throw Failure("\(error)", path: model)
    }
  }

  private func makeChat(_ generator: Generator, overflow: Chat.Overflow) throws -> Chat {
    let chat = try Chat(generator, system: system, overflow: overflow)
    chat.variables = thinking.variables
    return chat
  }

  private func advice(on error: ModelError) -> String? {
    switch error {
    case .cacheDoesNotFit(_, .f32, _, _), .cacheDoesNotFit(_, .f16, _, _),
      .cacheDoesNotFit(_, .bf16, _, _):
      "a smaller --context takes less, --cache-type q8_0 about half of f16, q4_0 a quarter"
    case .cacheDoesNotFit: "a smaller --context takes less"
    case .weightsDoNotFit: "without --no-map the file is used where it lies"
    case .contextFull: "--context makes room for more, up to the model's limit"
    default: nil
    }
  }

  private var noGGUF: Failure {
    Failure(
      "expected a GGUF to run", path: model,
      advice: "quern convert \(model.printable) model.gguf makes one")
  }

  private func requireGGUF() throws {
    switch try FileKind(of: FilePath(model)) {
    case .folder, .safetensors:
      throw noGGUF
    case .gguf, .pytorch, .unknown:
      break  // the reader says what is wrong with it
    }
  }

  private func answer(
    _ prompt: String, _ generator: Generator, _ constraint: GrammarConstraint?, loading: Double
  ) throws {
    var text = ""
    let chat = raw ? nil : try makeChat(generator, overflow: .refuse)
    var said = TerminalText(showsThoughts: !thinking.hidesThinking) { chat?.promptText ?? prompt }
    func print(_ piece: String) -> Bool {
      if output.json { text += piece } else { said.write(piece) }
      return true
    }
    let interruption = Interruption()
    let statistics: GenerationStatistics
    do {
      statistics = try Interrupts.ending(interruption) {
        try chat?.answer(
          to: prompt, sampling: sampling.parameters, limit: count, constraint: constraint,
          interruption: interruption, print)
          ?? generator.generate(
            prompt, parseSpecial: true, sampling: sampling.parameters, limit: count,
            constraint: constraint, interruption: interruption, print)
      }
    } catch {
      // The error gets a line of its own.
      said.endLine(ifOpen: true)
      throw error
    }
    let memory = MemoryUse.current(with: generator.session)
    if output.json {
      try output.printJSON(Report(text, statistics, loading: loading, memory))
    } else {
      said.endLine()
      output.note(statistics.line(loading: loading))
      if output.verbose, let memory { output.note(memory.line) }
    }
    if interruption.isInterrupted { throw ExitCode(130) }
  }

  /// What `--json` prints.
  private struct Report: Encodable {
    let text: String
    let promptTokens: Int
    let newTokens: Int
    let promptTokensPerSecond: Double
    let tokensPerSecond: Double
    let secondsToFirstToken: Double
    let stopReason: String
    let memory: MemoryUse?

    init(
      _ text: String, _ statistics: GenerationStatistics, loading: Double, _ memory: MemoryUse?
    ) {
      self.text = text
      self.memory = memory
      promptTokens = statistics.promptTokenCount
      newTokens = statistics.newTokenCount
      promptTokensPerSecond = statistics.promptTokensPerSecond
      tokensPerSecond = statistics.tokensPerSecond
      secondsToFirstToken = loading + statistics.secondsToFirstToken
      stopReason =
        switch statistics.stopReason {
        case .endOfGeneration: "end_of_generation"
        case .tokenLimit: "token_limit"
        case .contextEnd: "context_end"
        case .stopString: "stop_string"
        case .cancelled: "cancelled"
        }
    }
  }
}
