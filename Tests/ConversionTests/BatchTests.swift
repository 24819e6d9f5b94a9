import BlockQuant
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct BatchTests {
  private let fixture: ConversionFixture

  init() throws { fixture = try ConversionFixture() }

  /// Several slabs of 64 Ki elements, rows that do not share them evenly.
  private static let tensors: [ConversionFixture.Tensor] =
    ConversionFixture.model() + [
      ("blk.0.ffn_up.weight", .f32, ConversionFixture.noise(rows: 1153, columns: 256, seed: 7))
    ]

  private func options(_ recipe: String, memory: Int = 1) -> ConversionOptions {
    var options = ConversionOptions(recipe: Recipe(named: recipe))
    options.memoryByteCount = memory
    return options
  }

  private func batch(
    _ source: FilePath, _ recipes: [String], memory: Int = 1, prefix: String = "out"
  ) throws -> ConversionBatch {
    try ConversionBatch(
      from: source,
      to: recipes.map {
        (fixture.path("\(prefix)-\($0).gguf").string, options($0, memory: memory))
      })
  }

  @Test("Outputs of one read are what each would be by itself", arguments: [1, 2, 7])
  func together(workers: Int) throws {
    let recipes = ["Q4_K_M", "Q8_0", "F16", "F32"]
    let source = try fixture.gguf(Self.tensors)
    let pool = WorkerPool(workerCount: workers)
    let results = try batch(source, recipes).execute(on: pool)
    #expect(results.map(\.plan.options.recipe?.name) == recipes)
    for recipe in recipes {
      _ = try batch(source, [recipe], prefix: "single").execute(on: pool)
      #expect(
        try readBytes(fixture.path("out-\(recipe).gguf"))
          == readBytes(fixture.path("single-\(recipe).gguf")))
    }
  }

  @Test(
    "The bytes do not depend on the memory that buffers may take", arguments: ["Q4_K_M", "F32"])
  func memory(recipe: String) throws {
    let source = try fixture.gguf(Self.tensors)
    let pool = WorkerPool(workerCount: 2)
    let files = try [1, 5 << 20, 1 << 30].map { memory in
      _ = try batch(source, [recipe], memory: memory, prefix: "\(memory)").execute(on: pool)
      return try readBytes(fixture.path("\(memory)-\(recipe).gguf"))
    }
    #expect(files[0] == files[1])
    #expect(files[0] == files[2])
  }

  @Test("Two outputs of one name are refused before any work")
  func sameName() throws {
    let source = try fixture.gguf(Self.tensors)
    let error = try #require(throws: ConversionError.self) { try batch(source, ["F16", "F16"]) }
    #expect(error.reason == .sameDestination)
    #expect(try fixture.folder.names == ["source.gguf"])
  }

  @Test("Progress counts the bytes of all outputs, and every tensor once")
  func progress() throws {
    let batch = try batch(fixture.gguf(Self.tensors), ["F16", "Q8_0"])
    var seen: [ConversionProgress] = []
    _ = try batch.execute(on: WorkerPool(workerCount: 2)) { seen.append($0) }
    let total = batch.plans.flatMap(\.tensors).reduce(0) { $0 + $1.byteCount }
    #expect(seen.last?.byteCount == total)
    #expect(seen.last?.totalByteCount == total)
    #expect(seen.last?.tensorCount == Self.tensors.count)
    #expect(seen.map(\.finishedTensorCount).max() == Self.tensors.count - 1)
    #expect(seen.map(\.byteCount) == seen.map(\.byteCount).sorted())
  }

  @Test("Errors are those of the stored values, on any number of workers")
  func errors() throws {
    let source = try fixture.gguf(Self.tensors)
    let results = try [1, 2, 7].map { workers in
      try batch(source, ["Q4_0", "F32"], prefix: "\(workers)")
        .execute(on: WorkerPool(workerCount: workers), measuresErrors: true)
    }
    #expect(results[0].map(\.rmsErrors) == results[1].map(\.rmsErrors))
    #expect(results[0].map(\.rmsErrors) == results[2].map(\.rmsErrors))
    #expect(results[0][1].rmsErrors.allSatisfy { $0 == 0 })
    for (tensor, found) in zip(results[0][0].plan.tensors, results[0][0].rmsErrors) {
      let values = try #require(Self.tensors.first { $0.name == tensor.name }).values
      let stored = ConversionFixture.rounded(values, through: tensor.type)
      let squares = zip(values.joined(), stored.joined()).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
      }
      let expected = (squares / Double(tensor.shape.elementCount)).squareRoot()
      #expect(abs(found - expected) <= expected * 1e-12, "\(tensor.name)")
      #expect((found > 0) == (tensor.type != .f32))
    }
  }

  @Test("Without being asked, errors are not measured")
  func unmeasured() throws {
    let results = try batch(fixture.gguf(Self.tensors), ["Q4_0"])
      .execute(on: WorkerPool(workerCount: 1))
    #expect(results[0].rmsErrors.isEmpty)
  }
}
