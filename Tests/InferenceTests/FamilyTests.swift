import Conversion
import Foundation
import GGUF
import Inference
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Loading the architectures with fused tensors, norms around the mean and learned positions.
@Suite struct FamilyLoadingTests {
  private static let folders = [
    "tiny-phi", "tiny-gpt2", "tiny-starcoder2", "tiny-stablelm", "tiny-stablelm-parallel",
  ]

  /// The tiny checkpoint as a GGUF.
  private func gguf(_ name: String, in folder: TemporaryFolder) throws -> GGUFFile {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    path = path.appending("Fixtures").appending("checkpoints").appending(name)
    let destination = folder.path.appending("\(name).gguf")
    _ = try ConversionPlan(from: path, to: destination.string, options: ConversionOptions())
      .execute(on: WorkerPool(workerCount: 1))
    return try GGUFFile(destination)
  }

  /// A copy with other metadata or tensors; their bytes are of no interest.
  private func load(
    _ file: GGUFFile, in folder: TemporaryFolder, metadata: GGUFMetadata? = nil,
    tensors: ([(name: String, type: TensorType, shape: Shape)]) -> [(
      name: String, type: TensorType, shape: Shape
    )] = { $0 }
  ) throws -> Model {
    let layout = try GGUFLayout(
      metadata: metadata ?? file.metadata,
      tensors: tensors(file.tensors.map { ($0.name, $0.type, $0.shape) }))
    let bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    return try Model(path: try folder.write(bytes, as: "edited.gguf"))
  }

  @Test("Every missing tensor is refused by name", arguments: folders)
  func missingTensor(name: String) throws {
    let folder = try TemporaryFolder()
    let file = try gguf(name, in: folder)
    let optional: Set = ["output.weight", "rope_factors_long.weight", "rope_factors_short.weight"]
    for tensor in file.tensors
    where !optional.contains(tensor.name) && !Self.isOptionalBias(tensor.name) {
      #expect(throws: ModelError.self, "\(tensor.name)") {
        try load(file, in: folder, tensors: { $0.filter { $0.name != tensor.name } })
      }
    }
    _ = try load(file, in: folder)
  }

  /// Biases of projections: a file has them or not.
  private static func isOptionalBias(_ name: String) -> Bool {
    name.hasSuffix(".bias") && !name.contains("norm")
  }

  @Test("Every tensor of the wrong shape is refused", arguments: folders)
  func wrongShape(name: String) throws {
    let folder = try TemporaryFolder()
    let file = try gguf(name, in: folder)
    for tensor in file.tensors where tensor.name != "token_embd.weight" {
      var dimensions = tensor.shape.dimensions
      dimensions[0] += 1
      let shape = try Shape(dimensions)
      #expect(throws: ModelError.self, "\(tensor.name)") {
        try load(
          file, in: folder,
          tensors: { $0.map { ($0.name, $0.type, $0.name == tensor.name ? shape : $0.shape) } })
      }
    }
  }

  @Test("A long-rope model gets its original context unless asked for more")
  func defaultContext() throws {
    let folder = try TemporaryFolder()
    let model = try Model(path: try gguf("tiny-phi", in: folder).file.path)
    #expect(model.defaultContextLength == 256)
    #expect(try Session(model).contextLength == 256)
    #expect(try Session(model, contextLength: 512).contextLength == 512)
    let other = try Model(path: try gguf("tiny-stablelm", in: folder).file.path)
    #expect(other.defaultContextLength == 256)
  }

  @Test(
    "Numbers of positions without sense are refused by their key",
    arguments: [
      ("rope.scaling.original_context_length", GGUFValue.uint32(0)),
      ("rope.scaling.attn_factor", .float32(0)), ("rope.scaling.attn_factor", .string("long")),
      ("rope.scaling.factor", .float32(-2)), ("rope.scaling.type", .string("dynamic")),
      ("attention.sliding_window", .int32(-1)), ("rope.dimension_count", .uint32(18)),
    ])
  func badValue(key: String, value: GGUFValue) throws {
    let folder = try TemporaryFolder()
    let file = try gguf("tiny-phi", in: folder)
    var metadata = file.metadata
    metadata["phi3.\(key)"] = value
    #expect {
      try load(file, in: folder, metadata: metadata)
    } throws: { error in
      guard case .badValue(let found, _, _)? = error as? ModelError else { return false }
      return found == "phi3.\(key)"
    }
  }

  @Test(
    "One token at a time gives what a batch gives, windows and long rope included",
    arguments: folders)
  func oneByOne(name: String) throws {
    let folder = try TemporaryFolder()
    let model = try Model(path: try gguf(name, in: folder).file.path)
    let session = try Session(model, contextLength: 100, pool: WorkerPool(workerCount: 2))
    let tokens = (0..<100).map { Int32($0 * 37 % 300) }
    let batched = try session.forward(tokens, allLogits: true)
    session.truncate(to: 0)
    var single: [Float] = []
    for token in tokens { single += try session.forward([token], allLogits: false) }
    let largest = batched.map(\.magnitude).max()!
    let worst = zip(batched, single).map { ($0 - $1).magnitude }.max()!
    #expect(worst < 1e-4 * largest, "off by \(worst) of \(largest)")
  }

  @Test("Norms of single heads become one matrix, compute as in transformers and come back")
  func headNorms() throws {
    struct Reference: Decodable { let ids: [Int32] }
    var source = FilePath(#filePath)
    for _ in 0..<3 { source.removeLastComponent() }
    source = source.appending("Fixtures").appending("checkpoints").appending("tiny-stablelm-heads")
    let folder = try TemporaryFolder()
    let file = try gguf("tiny-stablelm-heads", in: folder)
    #expect(file.tensor("blk.1.attn_k_norm.weight")?.shape.dimensions == [2, 16])
    #expect(file.tensor("blk.0.attn_q_norm.weight")?.type == .f32)

    func data(_ name: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: source.appending(name).string))
    }
    let ids = try JSONDecoder().decode(Reference.self, from: data("logits.json")).ids
    let expected = try RotaryScalingTests.floats(
      URL(fileURLWithPath: source.appending("logits.f32").string))
    let session = try Session(try Model(path: file.file.path))
    let logits = try session.forward(ids, allLogits: true)
    try #require(logits.count == expected.count)
    let worst = zip(logits, expected).map { abs($0 - $1) }.max()!
    #expect(worst < 1e-3, "off by \(worst)")

    let back = folder.path.appending("back")
    _ = try ConversionPlan(
      from: file.file.path, to: back.string + "/", options: ConversionOptions()
    ).execute(on: WorkerPool(workerCount: 1))
    let (original, found) = (try SafetensorsCheckpoint(source), try SafetensorsCheckpoint(back))
    #expect(found.tensors.count == original.tensors.count)
    for entry in original.tensors {
      let other = try #require(found.tensor(entry.tensor.name))
      #expect(other.tensor.type == entry.tensor.type)
      #expect(found.bytes(of: other).elementsEqual(original.bytes(of: entry)))
    }
  }
}
