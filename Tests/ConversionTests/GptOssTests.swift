import Conversion
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Experts of gpt-oss between blocks and plain floats.
@Suite struct GptOssTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(
    _ source: FilePath, to name: String, type: String? = nil, workers: Int = 2,
    byteOrder: ByteOrder = .little
  ) throws -> FilePath {
    let path = folder.path.appending(name)
    var options = ConversionOptions(recipe: try type.map { try #require(Recipe(named: $0)) })
    options.byteOrder = byteOrder
    _ = try ConversionPlan(
      from: source, to: path.string + (name.hasSuffix(".gguf") ? "" : "/"), options: options
    ).execute(on: WorkerPool(workerCount: workers))
    return path
  }

  private func weights(_ path: FilePath) throws -> [String: [UInt8]] {
    let checkpoint = try SafetensorsCheckpoint(path)
    return Dictionary(
      uniqueKeysWithValues: checkpoint.tensors.map {
        ($0.tensor.name, Array(checkpoint.bytes(of: $0)))
      })
  }

  @Test("Experts in MXFP4 are the same plain floats by every way, for any number of workers")
  func unpacked() throws {
    let source = CheckpointFixture.gptOssMXFP4.path
    let direct = try weights(try convert(source, to: "direct", type: "BF16", workers: 1))
    #expect(direct.keys.contains("model.layers.1.mlp.experts.gate_up_proj"))
    let kept = try convert(source, to: "kept.gguf")
    let plain = try convert(source, to: "plain.gguf", type: "F32")
    #expect(try weights(try convert(kept, to: "a", type: "BF16", workers: 7)) == direct)
    #expect(try weights(try convert(plain, to: "b", type: "BF16")) == direct)
    let other = try convert(plain, to: "big.gguf", byteOrder: .big)
    #expect(try weights(try convert(other, to: "c", type: "BF16")) == direct)
    let again = try convert(folder.path.appending("direct"), to: "again.gguf", type: "F32")
    let (found, expected) = try (GGUFFile(again), GGUFFile(plain))
    for tensor in expected.tensors {
      let same = try #require(found.tensor(tensor.name))
      #expect(
        found.bytes(of: same).elementsEqual(expected.bytes(of: tensor)), "\(tensor.name)")
    }
  }

  @Test(
    "A copy of a folder has every byte of its tensors",
    arguments: [CheckpointFixture.gptOss, .gptOssMXFP4])
  func copied(_ fixture: CheckpointFixture) throws {
    let copy = try convert(fixture.path, to: "copy")
    #expect(try weights(copy) == weights(fixture.path))
    let (old, new) = try (
      readBytes(fixture.path.appending("config.json")), readBytes(copy.appending("config.json"))
    )
    #expect(
      String(decoding: new, as: UTF8.self).contains("quantization_config")
        == String(decoding: old, as: UTF8.self).contains("quantization_config"))
  }

  @Test("Quantized experts come back as what they decode to", arguments: ["Q8_0", "Q4_0"])
  func quantized(type: String) throws {
    let plain = try convert(CheckpointFixture.gptOssMXFP4.path, to: "plain.gguf", type: "F32")
    let quantized = try convert(plain, to: "quantized.gguf", type: type)
    let decoded = try convert(quantized, to: "decoded.gguf", type: "F32")
    let direct = try weights(try convert(quantized, to: "direct", type: "F32"))
    #expect(try weights(try convert(decoded, to: "indirect", type: "F32")) == direct)
  }

  @Test("Experts grow by zeros from columns as from rows; a folder has no place for these")
  func padded() throws {
    func padded(_ source: FilePath, to name: String) throws -> FilePath {
      var options = ConversionOptions(recipe: Recipe(named: "Q4_K_S"))
      options.padsRows = true
      let path = folder.path.appending(name)
      _ = try ConversionPlan(from: source, to: path.string, options: options)
        .execute(on: WorkerPool(workerCount: 2))
      return path
    }
    let source = CheckpointFixture.gptOss.path
    let plain = try convert(source, to: "plain.gguf", type: "BF16")
    let (direct, indirect) = try (padded(source, to: "a.gguf"), padded(plain, to: "b.gguf"))
    let (found, expected) = try (GGUFFile(direct), GGUFFile(indirect))
    #expect(found.tensor("blk.1.ffn_gate_exps.weight")?.shape.dimensions == [5, 256, 32])
    #expect(found.tensor("blk.1.ffn_down_exps.weight")?.type == .q4_K)
    for tensor in expected.tensors {
      let same = try #require(found.tensor(tensor.name))
      #expect(
        same.type == tensor.type && found.bytes(of: same).elementsEqual(expected.bytes(of: tensor)),
        "\(tensor.name)")
    }
    var options = ConversionOptions(recipe: Recipe(named: "F32"))
    options.padsRows = true
    #expect(throws: (any Error).self) {
      _ = try ConversionPlan(
        from: source, to: folder.path.appending("folder").string + "/", options: options)
    }
  }

  @Test("Experts in MXFP4 are quantized again only when that is asked for")
  func requantized() throws {
    let source = CheckpointFixture.gptOssMXFP4.path
    #expect(throws: ConversionError.self) {
      try convert(source, to: "refused.gguf", type: "Q4_0")
    }
    let kept = try GGUFFile(try convert(source, to: "kept.gguf", type: "MXFP4_MOE"))
    let original = try GGUFFile(try convert(source, to: "original.gguf"))
    for tensor in original.tensors where tensor.type == .mxfp4 {
      let same = try #require(kept.tensor(tensor.name))
      #expect(same.type == .mxfp4)
      #expect(kept.bytes(of: same).elementsEqual(original.bytes(of: tensor)))
    }
    #expect(kept.tensor("blk.0.attn_q.weight")?.type == .q8_0)
    #expect(kept.tensor("blk.0.ffn_up_exps.bias")?.type == .f32)
    #expect(kept.tensor("blk.0.ffn_gate_inp.weight")?.type == .f32)
  }
}
