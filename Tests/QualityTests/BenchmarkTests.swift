import Conversion
import Foundation
import Inference
import Quality
import SystemPackage
import TestSupport
import Testing
import Workers

@Suite struct BenchmarkTests {
  let folder: TemporaryFolder
  let model: Model

  init() throws {
    folder = try TemporaryFolder()
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/checkpoints/tiny-llama").standardizedFileURL.path
    let path = folder.path.appending("tiny.gguf")
    let plan = try ConversionPlan(
      from: FilePath(source), to: path.string,
      options: ConversionOptions(recipe: Recipe(named: "Q8_0")))
    _ = try plan.execute(on: WorkerPool(workerCount: 1))
    model = try Model(path: path)
  }

  private var small: Benchmark {
    var benchmark = Benchmark()
    benchmark.promptSizes = [3, 16]
    benchmark.generationSizes = [5]
    benchmark.repeats = 3
    benchmark.effort = .init(seconds: 1e-4, repeats: 1, byteCount: 1 << 20)
    return benchmark
  }

  @Test("Every size is measured, in the order asked", arguments: [1, 2])
  func sizes(threads: Int) throws {
    let result = try small.run(model, name: "tiny", pool: WorkerPool(workerCount: threads))
    #expect(result.prompt.map(\.tokens) == [3, 16])
    #expect(result.generation.map(\.tokens) == [5])
    #expect(result.threads == threads)
    #expect(result.architecture == "llama")
    for speed in result.prompt + result.generation {
      #expect(speed.slowest > 0)
      #expect(speed.slowest <= speed.tokensPerSecond && speed.tokensPerSecond <= speed.fastest)
    }
  }

  @Test("Shares are those of the medians and ceilings beside them")
  func shares() throws {
    let result = try small.run(model, name: "tiny", pool: WorkerPool(workerCount: 1))
    let work = ModelWork(model)
    for speed in result.prompt {
      let expected = work.share(
        promptOf: speed.tokens, tokensPerSecond: speed.tokensPerSecond, of: result.ceilings)
      #expect(speed.share == expected)
    }
    for speed in result.generation {
      #expect(
        speed.share == work.share(generationAt: speed.tokensPerSecond, of: result.ceilings))
    }
    #expect(result.weightBytes == work.byteCountPerToken)
    #expect(result.ceilings == result.ceilingsOneThread)
  }

  @Test("A size beyond the model's context is refused before anything is measured")
  func tooLong() {
    var benchmark = small
    benchmark.promptSizes = [513]
    var measured = false
    #expect(throws: ModelError.contextTooLong(asked: 513, limit: 512)) {
      try benchmark.run(model, name: "tiny") { _, _ in measured = true }
    }
    #expect(!measured)
  }

  @Test("Ceilings are rates that a machine can have")
  func ceilings() {
    let ceilings = Ceilings.measure(
      on: WorkerPool(workerCount: 2), effort: .init(seconds: 0.001, repeats: 3, byteCount: 4 << 20))
    for rate in [ceilings.memoryRead, ceilings.int8Macs, ceilings.floatMacs] {
      #expect(rate > 1e6 && rate < 1e15)
    }
  }

  @Test("Memory in use is read from the lines that the system gives")
  func memory() throws {
    let status = "Name:\tx\nVmRSS:\t     100 kB\nRssAnon:\t  60 kB\nRssFile:\t  40 kB\n"
    #expect(
      MemoryUse(status: status)
        == MemoryUse(resident: 100 << 10, mapped: 40 << 10, heap: 60 << 10))
    for cut in ["VmRSS", "RssAnon", "RssFile"] {
      #expect(MemoryUse(status: status.replacingOccurrences(of: cut, with: "Other")) == nil)
    }
    #expect(MemoryUse(status: status.replacingOccurrences(of: "100", with: "\(Int.max)")) == nil)
    let now = try #require(MemoryUse.current)
    #expect(now.resident > 0 && now.heap > 0 && now.heap <= now.resident)
  }
}
