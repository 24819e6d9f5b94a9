import BlockQuant
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Files for machines whose numbers begin with the highest byte.
@Suite struct ByteOrderTests {
  let fixture: ConversionFixture
  init() throws { fixture = try ConversionFixture() }

  private func convert(
    _ source: FilePath, _ name: String, to byteOrder: ByteOrder, recipe: Recipe? = nil,
    partTensors: Int? = nil
  ) throws -> FilePath {
    var options = ConversionOptions(recipe: recipe)
    options.byteOrder = byteOrder
    options.isSealed = false
    options.maxShardTensorCount = partTensors
    let plan = try ConversionPlan(
      from: source, to: "\(fixture.folder.path)/\(name)", options: options)
    return try plan.execute(on: WorkerPool(workerCount: 2), measuresErrors: true).plan.result
  }

  private static let types = TensorType.allCases.filter { $0.ggmlID != nil }

  /// A GGUF whose tensors of this type hold any bytes: a copy does not look into blocks.
  private func model(_ type: TensorType) throws -> FilePath {
    let metadata = GGUFMetadata([
      ("general.architecture", .string("llama")), ("b", .float64(0.1)), ("d", .int64(-3)),
      ("a", .array(.array([.uint16([1, 2]), .string(["x"])]))), ("e", .bool(true)),
      ("c", .array(.float32([1, -2.5]))),
    ])
    let layout = try GGUFLayout(
      metadata: metadata,
      tensors: [
        ("output_norm.weight", .f32, try Shape([4])), ("output.weight", type, try Shape([3, 512])),
        ("scalar", .i32, try Shape([])), ("empty", .f16, try Shape([0])),
      ])
    var bytes = layout.header
    bytes += (bytes.count..<layout.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 37) & 0x3B }
    for (tensor, next) in zip(layout.tensors, layout.tensors.dropFirst()) {
      for place in tensor.offset + tensor.byteCount..<next.offset { bytes[place] = 0 }
    }
    for place in (layout.byteCount - 28)..<layout.byteCount { bytes[place] = 0 }
    return try fixture.folder.write(bytes, as: "source.gguf")
  }

  @Test("A model of any type goes to big-endian and comes back the same", arguments: types)
  func roundTrip(type: TensorType) throws {
    let source = try model(type)
    let big = try convert(source, "big.gguf", to: .big)
    let (before, after) = (try GGUFFile(source), try GGUFFile(big))
    #expect(after.byteOrder == .big && before.byteOrder == .little)
    #expect(after.metadata.entries.map(\.value) == before.metadata.entries.map(\.value))
    #expect(after.tensors == before.tensors)
    for (old, new) in zip(before.tensors, after.tensors) {
      var bytes = Array(before.bytes(of: old))
      bytes.withUnsafeMutableBytes(old.type.swapWords)
      #expect(Array(after.bytes(of: new)) == bytes)
    }
    let back = try convert(big, "back.gguf", to: .little)
    #expect(try readBytes(back) == readBytes(source))
  }

  @Test("A big-endian model is quantized as the little-endian one, into either order")
  func quantizes() throws {
    let recipe = try #require(Recipe(named: "Q4_K_M"))
    let source = try fixture.gguf(ConversionFixture.model())
    let big = try convert(source, "big.gguf", to: .big)
    let expected = try convert(source, "q.gguf", to: .little, recipe: recipe)
    let fromBig = try convert(big, "from-big.gguf", to: .little, recipe: recipe)
    #expect(try readBytes(fromBig) == readBytes(expected))
    let bigQuantized = try convert(source, "big-q.gguf", to: .big, recipe: recipe)
    let back = try convert(bigQuantized, "back.gguf", to: .little)
    #expect(try readBytes(back) == readBytes(expected))
  }

  @Test(
    "A big-endian model becomes the folder that the little-endian one does",
    arguments: CheckpointFixture.allCases)
  func folders(_ model: CheckpointFixture) throws {
    let names = ["model.safetensors", "config.json"]
    let folders = try [ByteOrder.little, .big].map { order in
      let file = try convert(model.path, "\(order).gguf", to: order)
      let folder = try convert(file, "from-\(order)/", to: .little)
      return try names.map { try readBytes(folder.appending($0)) }
    }
    #expect(folders[0] == folders[1])
  }

  @Test("A big-endian set is one model, and a big-endian header is edited as it is")
  func sets() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let big = try convert(source, "s.gguf", to: .big, partTensors: 2)
    #expect(try GGUFSet(big).files.allSatisfy { $0.byteOrder == .big })
    #expect(try readBytes(convert(big, "one.gguf", to: .little)) == readBytes(source))
    let plan = try EditPlan(Edit { $0.values = [("a", .uint32(7))] }, of: big)
    let copy = try plan.copy(to: fixture.path("t.gguf"))
    _ = try copy.execute(on: WorkerPool(workerCount: 1))
    let edited = try GGUFSet(copy.result)
    #expect(edited.metadata.integer("a") == 7)
    #expect(edited.files.allSatisfy { $0.byteOrder == .big })
  }

  @Test("Only a GGUF can be big-endian", arguments: ["out.safetensors", "out/"])
  func refusal(name: String) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let error = try #require(throws: ConversionError.self) {
      _ = try convert(source, name, to: .big)
    }
    #expect(error.reason == .safetensorsAreLittleEndian)
  }
}
