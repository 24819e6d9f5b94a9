import Conversion
import Foundation
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// GPT-2's matrices, which Hugging Face keeps by columns.
@Suite struct ColumnsTests {
  private static let source: FilePath = {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Fixtures").appending("checkpoints").appending("tiny-gpt2")
  }()
  private static let name = "transformer.h.1.mlp.c_fc.weight"

  private func convert(
    _ source: FilePath, to destination: String, recipe: String? = nil, workers: Int = 2
  ) throws {
    let options = ConversionOptions(recipe: try recipe.map { try #require(Recipe(named: $0)) })
    _ = try ConversionPlan(from: source, to: destination, options: options)
      .execute(on: WorkerPool(workerCount: workers))
  }

  private func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map {
      Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
    }
  }

  private func stored(_ path: FilePath) throws -> [Float] {
    let file = try SafetensorsFile(path.appending("model.safetensors"))
    let tensor = try #require(file.tensors.first { $0.name == Self.name })
    #expect(tensor.shape.dimensions == [48, 192])
    return floats(file.bytes(of: tensor))
  }

  @Test("Columns become rows, in plain floats and quantized, and rows columns on the way back")
  func bothWays() throws {
    let temporary = try TemporaryFolder()
    // From folder to folder nothing turns.
    let source = temporary.path.appending("source")
    try convert(Self.source, to: source.string + "/", recipe: "F32")
    let original = try stored(source)
    let path = temporary.path.appending("model.gguf")
    try convert(source, to: path.string)
    let file = try GGUFFile(path)
    let tensor = try #require(file.tensors.first { $0.name == "blk.1.ffn_up.weight" })
    #expect(tensor.shape.dimensions == [192, 48])
    let rows = floats(file.bytes(of: tensor))
    for row in 0..<192 {
      for column in 0..<48 { #expect(rows[row * 48 + column] == original[column * 192 + row]) }
    }
    let back = temporary.path.appending("back")
    try convert(path, to: back.string + "/")
    #expect(try stored(back) == original)

    // A quantized file, from the folder and from the plain GGUF: the same rows were encoded.
    let (direct, indirect) = (
      temporary.path.appending("a.gguf"), temporary.path.appending("b.gguf")
    )
    try convert(source, to: direct.string, recipe: "Q8_0", workers: 1)
    try convert(path, to: indirect.string, recipe: "Q8_0")
    #expect(try readBytes(direct) == readBytes(indirect))
    let decoded = temporary.path.appending("decoded")
    try convert(direct, to: decoded.string + "/", recipe: "F32")
    for (found, expected) in zip(try stored(decoded), original) {
      #expect(abs(found - expected) < 0.01)
    }
  }
}
