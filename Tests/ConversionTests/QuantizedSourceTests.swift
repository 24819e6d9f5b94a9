import BlockQuant
import Checkpoints
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite("Quantized sources") struct QuantizedSourceTests {
  /// Converts a fixture and gives the result, which lives as long as the folder.
  private func convert(
    _ source: FilePath, to name: String, as recipe: String?, in folder: TemporaryFolder
  ) throws -> GGUFSet {
    let options = ConversionOptions(recipe: try recipe.map { try #require(Recipe(named: $0)) })
    let target = folder.path.appending(name)
    _ = try ConversionPlan(from: source, to: target.string, options: options)
      .execute(on: WorkerPool(workerCount: 2))
    return try GGUFSet(target)
  }

  private func bytes(of tensor: GGUFTensor, in gguf: GGUFSet) -> [UInt8] {
    gguf.file(of: tensor).file.withBytes {
      Array($0[tensor.offset..<tensor.offset + tensor.byteCount])
    }
  }

  @Test(
    "Weights become the values of independent decoders, in the order of llama.cpp's converter",
    arguments: QuantizedFixture.all)
  func values(_ fixture: QuantizedFixture) throws {
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    for type in ["F32", "BF16"] {
      let gguf = try convert(source, to: "\(type).gguf", as: type, in: folder)
      if fixture.isOrdered { #expect(gguf.tensors.map(\.name) == fixture.tensors.map(\.name)) }
      for wanted in fixture.tensors {
        let tensor = try #require(gguf.tensors.first { $0.name == wanted.name })
        #expect(tensor.shape.dimensions == wanted.extents, "\(tensor.name)")
        #expect(tensor.type == .bf16 || type == "F32" || wanted.extents.count == 1)
        #expect(
          hash(bytes(of: tensor, in: gguf)) == (tensor.type == .bf16 ? wanted.bf16 : wanted.f32),
          "\(tensor.name) in \(tensor.type)")
      }
      #expect(gguf.tensors.count == fixture.tensors.count)
    }
  }

  @Test("Quantized anew, they have the bytes that their values in F32 give")
  func quantized() throws {
    for fixture in QuantizedFixture.all where !fixture.name.hasPrefix("mxfp4") {
      let folder = try TemporaryFolder()
      let source = try fixture.copy(into: folder)
      let plain = try convert(source, to: "plain.gguf", as: "F32", in: folder)
      let direct = try convert(source, to: "direct.gguf", as: "Q8_0", in: folder)
      let again = try convert(
        folder.path.appending("plain.gguf"), to: "again.gguf", as: "Q8_0", in: folder)
      #expect(plain.tensors.count == direct.tensors.count)
      for tensor in direct.tensors {
        let other = try #require(again.tensors.first { $0.name == tensor.name })
        #expect(
          tensor.type == other.type && bytes(of: tensor, in: direct) == bytes(of: other, in: again),
          "\(fixture) \(tensor.name)")
      }
    }
  }

  @Test(
    "MXFP4 keeps its type, and its blocks decode to the same values",
    arguments: QuantizedFixture.all.filter { $0.name.hasPrefix("mxfp4") })
  func repacked(_ fixture: QuantizedFixture) throws {
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    let gguf = try convert(source, to: "kept.gguf", as: nil, in: folder)
    #expect(gguf.metadata["general.file_type"] == .uint32(38))
    let codec = try #require(BlockCodec(.mxfp4))
    let kept = gguf.tensors.filter { $0.type == .mxfp4 }
    #expect(kept.count == 7)
    for tensor in kept {
      var values = [Float](repeating: 0, count: tensor.shape.elementCount)
      bytes(of: tensor, in: gguf).withUnsafeBytes { blocks in
        values.withUnsafeMutableBufferPointer { codec.decode(blocks, into: $0) }
      }
      let wanted = try #require(fixture.tensors.first { $0.name == tensor.name })
      #expect(values.withUnsafeBytes { hash($0) } == wanted.f32, "\(tensor.name)")
    }
  }

  @Test("A folder made of one holds plain floats and no longer says that it is quantized")
  func folder() throws {
    let fixture = try #require(QuantizedFixture.named("gptq-4"))
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    let target = folder.path.appending("plain")
    let options = ConversionOptions(recipe: Recipe(named: "BF16"))
    _ = try ConversionPlan(from: source, to: target.string + "/", options: options)
      .execute(on: WorkerPool(workerCount: 2))
    let config = String(
      decoding: try readBytes(target.appending("config.json")), as: UTF8.self)
    #expect(!config.contains("quantization_config"))
    #expect(config.contains("bfloat16"))
    let gguf = try convert(target, to: "again.gguf", as: nil, in: folder)
    for tensor in gguf.tensors where tensor.type == .bf16 {
      let wanted = try #require(fixture.tensors.first { $0.name == tensor.name })
      #expect(hash(bytes(of: tensor, in: gguf)) == wanted.bf16, "\(tensor.name)")
    }
  }

  @Test("Nothing is written over the source, and the plan says that it is quantized")
  func plan() throws {
    let fixture = try #require(QuantizedFixture.named("awq"))
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    let plan = try ConversionPlan(
      from: source, to: folder.path.appending("a.gguf").string,
      options: ConversionOptions(recipe: Recipe(named: "Q4_K_M")))
    #expect(plan.warnings.contains { $0.contains("7 weights are quantized already (awq, 4 bits") })
    var options = ConversionOptions()
    options.overwrite = true
    #expect(throws: ConversionError.self) {
      try ConversionPlan(
        from: source, to: source.appending("model.safetensors").string, options: options)
    }
  }
}
