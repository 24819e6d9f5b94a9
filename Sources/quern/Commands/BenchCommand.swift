import ArgumentParser
import Foundation
import Inference
import Quality
import SystemPackage
import Workers

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Tokens per second, beside what this machine can do at most.",
    discussion: """
      New tokens are set beside the speed of memory, prompts beside the peak of
      arithmetic; both are measured here, with the same threads and instructions.
      Speeds are medians over the repeats. Let nothing else run meanwhile.

      Examples:
        quern bench model.gguf
        quern bench model.gguf --prompt 128,512,2048 --generate 64 --threads 2
        quern bench model.gguf --depth 4096
        quern bench model.gguf --json > before.json
        quern bench model.gguf --compare before.json
      """)

  @Argument(help: "A .gguf file, or any part of a split one.", completion: .file())
  var model: String

  @Option(
    help: ArgumentHelp(
      "Tokens of a prompt; several with commas or by repeating, 0 for none. (default: 512)",
      valueName: "tokens"))
  var prompt: [Sizes] = []

  @Option(
    help: ArgumentHelp("New tokens, in the same way. (default: 128)", valueName: "tokens"))
  var generate: [Sizes] = []

  @Option(
    help: ArgumentHelp(
      "Tokens that the cache holds before each measurement. The share counts the weights alone.",
      valueName: "tokens"))
  var depth = 0

  @Option(help: ArgumentHelp("Measurements of each size.", valueName: "count"))
  var repeats = 5

  @Option(
    help: ArgumentHelp("An earlier result of --json to set this one beside.", valueName: "file"),
    completion: .file())
  var compare: String?

  @OptionGroup var weights: WeightsFlags

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if depth < 0 { throw ValidationError("--depth takes 0 or more, found \(depth)") }
    if !(1...1000).contains(repeats) {
      throw ValidationError("--repeats takes a number from 1 to 1000, found \(repeats)")
    }
  }

  func run() throws {
    let earlier = try compare.map { try BenchmarkResult(contentsOf: FilePath($0)) }
    let result = try measure()
    noteLoad(of: result)
    let comparison = earlier.map { BenchmarkComparison(result, to: $0) }
    if output.json { return try output.printJSON(BenchReport(result, comparison)) }
    StandardOutput.writeLine(BenchTables.text(result, comparison))
  }

  /// Says when so much else runs that nothing here is what the machine can do.
  private func noteLoad(of result: BenchmarkResult) {
    var load = 0.0
    let processors = WorkerPool.processorCount
    // Our own threads are part of the load.
    guard getloadavg(&load, 1) == 1, load > Double(max(processors, result.threads)) + 1 else {
      return
    }
    output.note(
      String(
        format: "the machine is busy (load %.1f on %d processors): speeds and ceilings are too low",
        load, processors))
  }

  private func measure() throws -> BenchmarkResult {
    var benchmark = Benchmark()
    if !prompt.isEmpty { benchmark.promptSizes = prompt.all }
    if !generate.isEmpty { benchmark.generationSizes = generate.all }
    benchmark.repeats = repeats
    benchmark.depth = depth
    let pool = output.makePool()
    do {
      let loaded = try Model(try weights.open(model, on: pool, output))
      loaded.prefetch()
      return try benchmark.run(
        loaded, name: FilePath(model).lastComponent?.string ?? model, pool: pool
      ) { done, total in
        if output.verbose { output.note("measurement \(done + 1) of \(total)") }
      }
    } catch let error as ModelError {
      throw Failure("\(error)", path: model)
    }
  }
}

/// What `--json` prints: the result, and what it was compared with.
struct BenchReport: Encodable {
  private let result: BenchmarkResult
  private let comparison: BenchmarkComparison?

  init(_ result: BenchmarkResult, _ comparison: BenchmarkComparison?) {
    self.result = result
    self.comparison = comparison
  }

  private enum CodingKeys: String, CodingKey { case comparison }

  func encode(to encoder: any Encoder) throws {
    try result.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encodeIfPresent(comparison, forKey: .comparison)
  }
}
