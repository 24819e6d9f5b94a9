import Checkpoints
import Conversion
import MappedFiles
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Tensors of every dtype from safetensors to safetensors.
@Suite struct SafetensorsCopyTests {
  let fixture: ConversionFixture
  init() throws { fixture = try ConversionFixture() }

  /// A file with tensors of all dtypes in all shapes that fill whole bytes.
  private func source() throws -> FilePath {
    let shapes = try [
      [], [0], [8], [3, 8], [2, 0, 5], [2, 4, 1], [8, 1], [5, 24], [1, 70_000],
    ]
    .map { try Shape($0) }
    let types = TensorType.allCases.filter { $0.safetensorsName != nil }
    #expect(types.count == 22)
    let tensors = types.flatMap { type in
      shapes.filter { (try? $0.byteCount(of: type)) != nil }.map { shape in
        (name: "\(type)\(shape)", type: type, shape: shape)
      }
    }
    let layout = try SafetensorsLayout(
      metadata: ["format": "pt", "ä": "\"\n"], tensors: tensors)
    let data = (layout.header.count..<layout.byteCount).map {
      UInt8(truncatingIfNeeded: $0 &* 37) & 0x3B
    }
    return try fixture.folder.write(layout.header + data, as: "all.safetensors")
  }

  private func convert(
    _ source: FilePath, _ name: String, _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionPlan {
    var options = ConversionOptions()
    options.isSealed = false
    change(&options)
    let plan = try ConversionPlan(from: source, to: fixture.path(name).string, options: options)
    return try plan.execute(on: WorkerPool(workerCount: 2)).plan
  }

  @Test("A copy has the same bytes, whatever the dtypes and shapes")
  func copies() throws {
    let source = try source()
    let copy = try convert(source, "copy.safetensors").result
    #expect(try readBytes(copy) == readBytes(source))
  }

  @Test(
    "Shards hold no more than they may, their index finds every tensor, and merged they are the file they came from",
    arguments: [(nil, 10), (100_000, nil), (100_000, 3)] as [(Int?, Int?)])
  func shards(byteCount: Int?, tensorCount: Int?) throws {
    let source = try source()
    let plan = try convert(source, "parts.safetensors") {
      $0.maxShardByteCount = byteCount
      $0.maxShardTensorCount = tensorCount
    }
    #expect(plan.result == fixture.path("parts.safetensors.index.json"))
    #expect(plan.paths.count > 2)
    for path in plan.paths.dropFirst() {
      let shard = try SafetensorsFile(path)
      #expect(shard.metadata == ["format": "pt", "ä": "\"\n"])
      #expect(shard.tensors.count <= tensorCount ?? .max)
      let size = shard.tensors.reduce(0) { $0 + $1.byteCount }
      #expect(size <= byteCount ?? .max || shard.tensors.count == 1)
    }
    let merged = try convert(plan.result, "merged.safetensors").result
    #expect(try readBytes(merged) == readBytes(source))
  }

  @Test("What fits into one file stays one file")
  func single() throws {
    let source = try source()
    let plan = try convert(source, "one.safetensors") { $0.maxShardByteCount = 1 << 30 }
    #expect(plan.paths == [fixture.path("one.safetensors")])
    #expect(try readBytes(plan.result) == readBytes(source))
  }
}
