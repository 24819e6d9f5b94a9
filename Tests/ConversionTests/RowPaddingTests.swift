import BlockQuant
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct RowPaddingTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  private func plan(
    _ source: FilePath, _ recipe: String, to name: String = "out.gguf",
    change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionPlan {
    let mixture = try #require(Recipe(named: recipe))
    var options = ConversionOptions(recipe: mixture)
    options.padsRows = true
    change(&options)
    return try ConversionPlan(
      from: source, to: fixture.path(name).string, options: options)
  }

  private func obstacle(_ model: PaddingModel, _ recipe: String = "Q4_K_M") throws
    -> (PaddingObstacle, tensor: String?)?
  {
    do {
      _ = try plan(model.write(to: fixture), recipe)
      return nil
    } catch let error as ConversionError {
      guard case .cannotPad(let obstacle) = error.reason else { throw error }
      #expect(!error.description.isEmpty)
      return (obstacle, error.tensor)
    }
  }

  /// Every tensor is what its codec makes of the model with zeros written around it.
  private func expectPadded(
    _ model: PaddingModel, _ plan: ConversionPlan, values: (PaddingModel.Tensor) -> [Float],
    importance: (PaddingModel.Tensor) -> [Float]? = { _ in nil }
  ) throws {
    _ = try plan.execute(on: pool)
    let file = try GGUFFile(plan.destination)
    #expect(plan.byteCount == file.file.byteCount)
    for tensor in model.tensors {
      let found = try #require(file.tensor(tensor.name))
      #expect(found.shape.dimensions == tensor.padded ?? tensor.shape, "\(tensor.name)")
      let codec = try #require(BlockCodec(found.type))
      let values = PaddingModel.padded(values(tensor), tensor)
      let columns = found.shape.columns
      let weights = found.type.isQuantized ? importance(tensor) : nil
      let matrixRows = found.shape.rows / max(1, (weights?.count ?? columns) / columns)
      var expected = [UInt8](repeating: 0, count: found.byteCount)
      let rowBytes = found.byteCount / found.shape.rows
      for row in 0..<found.shape.rows {
        let first = row / matrixRows * columns
        expected.withUnsafeMutableBytes { bytes in
          values.withUnsafeBufferPointer { values in
            (weights ?? []).withUnsafeBufferPointer { weights in
              codec.encode(
                UnsafeBufferPointer(rebasing: values[row * columns..<(row + 1) * columns]),
                rows: 1, columns: columns,
                importance: weights.isEmpty
                  ? nil : UnsafeBufferPointer(rebasing: weights[first..<first + columns]),
                into: UnsafeMutableRawBufferPointer(
                  rebasing: bytes[row * rowBytes..<(row + 1) * rowBytes]))
            }
          }
        }
      }
      #expect(Array(file.bytes(of: found)) == expected, "\(tensor.name) as \(found.type)")
    }
  }

  @Test(
    "Each tensor is the encoding of the same with zeros around it",
    arguments: [
      "F32", "F16", "BF16", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_S", "Q6_K", "IQ4_XS", "Q4_0",
    ])
  func bytes(recipe: String) throws {
    for model in [
      PaddingModel.dense(), .dense([300, 512, 90], to: [512, 512, 256]), .fused, .experts,
      .fusedExperts,
    ] {
      let plan = try plan(model.write(to: fixture), recipe) { $0.overwrite = true }
      #expect(try #require(plan.padding).widths.isEmpty == false)
      #expect(plan.warnings.isEmpty)
      try expectPadded(model, plan, values: model.values)
    }
  }

  @Test("A quantized source is decoded, then padded", arguments: [TensorType.q8_0, .q4_0, .bf16])
  func quantizedSource(type: TensorType) throws {
    let model = PaddingModel.dense([288, 288])
    let source = try model.write(to: fixture, type: type)
    let plan = try plan(source, "Q4_K_M") { $0.allowRequantize = true }
    try expectPadded(
      model, plan,
      values: { tensor in
        let values = model.values(of: tensor)
        guard tensor.shape.count > 1 else { return values }
        let columns = tensor.shape[1]
        return ConversionFixture.rounded(
          stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) },
          through: type
        ).flatMap { $0 }
      })
  }

  @Test("What keeps its type is copied with blocks of zeros", arguments: [TensorType.q8_0, .f16])
  func copies(type: TensorType) throws {
    let model = PaddingModel.dense([288, 288])
    let source = try model.write(to: fixture, type: type)
    let plan = try plan(source, "Q4_K_M") {
      $0.allowRequantize = true
      $0.excluded = [(try? TensorPattern("blk.0.ffn"))!]
    }
    _ = try plan.execute(on: pool)
    let (before, after) = (try GGUFFile(source), try GGUFFile(plan.destination))
    for name in ["ffn_gate", "ffn_up", "ffn_down"].map({ "blk.0.\($0).weight" }) {
      let old = try #require(before.tensor(name))
      let new = try #require(after.tensor(name))
      #expect(new.type == type)
      let (oldRow, newRow) = (old.byteCount / old.shape.rows, new.byteCount / new.shape.rows)
      var expected = [UInt8](repeating: 0, count: new.byteCount)
      for row in 0..<old.shape.rows {
        let bytes = before.bytes(of: old)[row * oldRow..<(row + 1) * oldRow]
        expected.replaceSubrange(row * newRow..<row * newRow + oldRow, with: bytes)
      }
      #expect(Array(after.bytes(of: new)) == expected)
    }
  }

  @Test("Zero bytes are zeros in every type, and zeros are encoded as zeros")
  func zeros() throws {
    for type in TensorType.allCases {
      guard let codec = BlockCodec(type) else { continue }
      var bytes = [UInt8](repeating: 0, count: codec.byteCount(elementCount: 256))
      func decoded() -> [Float] {
        [Float](unsafeUninitializedCapacity: 256) { values, count in
          count = 256
          bytes.withUnsafeBytes {
            codec.decode($0, into: UnsafeMutableBufferPointer(rebasing: values[0..<256]))
          }
        }
      }
      #expect(decoded().allSatisfy { $0 == 0 }, "\(type)")
      guard codec.canEncode else { continue }
      for weight: Float in [0, 1] {
        let zeros = [Float](repeating: 0, count: 256)
        let weights = [Float](repeating: weight, count: 256)
        zeros.withUnsafeBufferPointer { zeros in
          weights.withUnsafeBufferPointer { weights in
            bytes.withUnsafeMutableBytes {
              codec.encode(zeros, rows: 1, columns: 256, importance: weights, into: $0)
            }
          }
        }
        #expect(decoded().allSatisfy { $0 == 0 }, "\(type), weights of \(weight)")
      }
    }
  }
}

// MARK: - The plan

extension RowPaddingTests {
  @Test("The plan says which widths grow, and the bytes with and without padding")
  func savings() throws {
    // Seven eighths of a width that is just too narrow: the fallback takes more than the zeros do.
    let model = PaddingModel.dense([992, 992], to: [1024, 1024])
    let source = try model.write(to: fixture)
    let padded = try plan(source, "Q4_K_M")
    let plain = try plan(source, "Q4_K_M") { $0.padsRows = false }
    let padding = try #require(padded.padding)
    let width = try #require(padding.widths.first)
    #expect(padding.widths.count == 1)
    #expect(width.key == "llama.feed_forward_length")
    #expect([width.from, width.to, width.layerCount] == [992, 1024, 2])
    #expect(plain.padding == nil)
    #expect(padding.byteCount == padded.byteCount)
    #expect(padding.unpaddedByteCount == plain.byteCount)
    #expect(padding.byteCount < padding.unpaddedByteCount)
    #expect(!plain.warnings.isEmpty)
    #expect(padded.warnings.isEmpty)
    let down = try #require(padded.tensors.first { $0.name == "blk.0.ffn_down.weight" })
    #expect(down.sourceShape.dimensions == [256, 992])
    #expect(down.shape.dimensions == [256, 1024])
  }

  @Test("Metadata follows, layer by layer where it lists them")
  func metadata() throws {
    func value(_ model: PaddingModel, _ key: String) throws -> GGUFValue? {
      let plan = try plan(model.write(to: fixture), "Q4_K_M") { $0.overwrite = true }
      _ = try plan.execute(on: pool)
      return try GGUFFile(plan.destination).metadata["\(model.architecture).\(key)"]
    }
    #expect(try value(.dense(), "feed_forward_length") == .uint32(512))
    #expect(
      try value(.dense([300, 512, 90], to: [512, 512, 256]), "feed_forward_length")
        == .array(.int32([512, 512, 256])))
    #expect(try value(.experts, "feed_forward_length") == .uint32(512))
    #expect(try value(.experts, "expert_feed_forward_length") == .uint32(256))
    let mixtral = PaddingModel(
      keys: [("feed_forward_length", .uint32(176)), ("expert_count", .uint32(3))],
      tensors: PaddingModel.experts.tensors.filter { $0.name.contains("_exps.weight") })
    #expect(try value(mixtral, "feed_forward_length") == .uint32(256))
  }

  @Test(
    "Nothing grows where every row gets the type that is wanted for it",
    arguments: [("Q4_K_M", 512), ("F16", 512), ("Q8_0", 288), ("Q4_0", 288)])
  func unneeded(recipe: String, width: Int) throws {
    var model = PaddingModel.dense([width, width], to: [width, width])
    // What cannot be padded does not matter then.
    model.architecture = "bitnet"
    let source = try model.write(to: fixture)
    let padded = try plan(source, recipe)
    #expect(try #require(padded.padding).widths.isEmpty)
    #expect(padded.padding?.byteCount == padded.padding?.unpaddedByteCount)
    _ = try padded.execute(on: pool)
    _ = try plan(source, recipe, to: "plain.gguf") { $0.padsRows = false }.execute(on: pool)
    #expect(try readBytes(fixture.path("out.gguf")) == readBytes(fixture.path("plain.gguf")))
  }

  @Test("Where the model would not compute the same, or nobody knows, it is refused by name")
  func refused() throws {
    var model = PaddingModel.dense()
    model.architecture = "bitnet"
    #expect(try obstacle(model)?.0 == .architecture("bitnet"))

    model = .dense()
    model.tensors.append(PaddingModel.Tensor(name: "blk.1.ffn_sub_norm.weight", shape: [300]))
    var found = try obstacle(model)
    #expect(found?.0 == .unknownTensor)
    #expect(found?.tensor == "blk.1.ffn_sub_norm.weight")

    model = .dense()
    model.tensors.append(
      PaddingModel.Tensor(name: "blk.0.ffn_up.0.weight", shape: [300, PaddingModel.width]))
    #expect(try obstacle(model)?.tensor == "blk.0.ffn_up.0.weight")

    model = .fused
    model.tensors.append(PaddingModel.Tensor(name: "blk.0.ffn_up.bias", shape: [600]))
    found = try obstacle(model)
    #expect(found?.0 == .shape(try Shape([600]), width: 300))
    #expect(found?.tensor == "blk.0.ffn_up.bias")

    model = .experts
    model.architecture = "qwen3moe"
    #expect(try obstacle(model)?.0 == .noKey)
  }

  @Test("Metadata that does not go with the tensors is refused")
  func contradictions() throws {
    let key = "llama.feed_forward_length"
    for (value, expected) in [
      (GGUFValue.uint32(301), PaddingObstacle.otherWidth(key: key, stated: 301, found: 300)),
      (.uint32(0), .missingKey(key)), (.uint64(.max), .missingKey(key)),
      (.int64(-300), .missingKey(key)), (.string("300"), .missingKey(key)),
      (.array(.int32([300])), .missingKey(key)), (.array(.float32([300, 300])), .missingKey(key)),
      (.array(.int32([300, 301])), .otherWidth(key: key, stated: 301, found: 300)),
    ] {
      var model = PaddingModel.dense()
      model.keys = [("feed_forward_length", value)]
      #expect(try obstacle(model)?.0 == expected, "\(value)")
    }
    var model = PaddingModel.dense()
    model.keys = []
    #expect(try obstacle(model)?.0 == .missingKey(key))
    model = .dense()
    model.tensors.removeAll { $0.name == "blk.1.ffn_down.weight" }
    #expect(try obstacle(model)?.0 == .noDownProjection)
  }

  @Test("A safetensors file alone does not state its widths")
  func safetensors() throws {
    let source = try fixture.safetensors(ConversionFixture.model())
    let error = #expect(throws: ConversionError.self) {
      try plan(source, "F16", to: "out.safetensors")
    }
    #expect(error?.reason == .cannotPad(.noMetadata))
  }

  @Test("A value that is not finite is named by its place in the source")
  func nonFinite() throws {
    let model = PaddingModel.experts
    for (name, index) in [
      ("blk.1.ffn_down_exps.weight", 300 * 176 + 175), ("blk.1.ffn_up_exps.weight", 400 * 256 + 3),
    ] {
      let source = try model.write(to: fixture) { tensor, values in
        if tensor.name == name { values[index] = .infinity }
      }
      let plan = try plan(source, "Q4_K_M")
      let error = #expect(throws: ConversionError.self) { try plan.execute(on: pool) }
      #expect(error?.reason == .nonFinite(value: .infinity, index: index))
      #expect(error?.tensor == name)
    }
  }
}
