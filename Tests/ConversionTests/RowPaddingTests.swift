import BlockQuant
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct RowPaddingTests {
  private let conversion: PaddedConversion
  private let pool = WorkerPool(workerCount: 2)

  init() throws { conversion = try PaddedConversion() }

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
      let plan = try conversion.plan(model.write(to: conversion.fixture), recipe) {
        $0.overwrite = true
      }
      #expect(try #require(plan.padding).widths.isEmpty == false)
      #expect(plan.warnings.isEmpty)
      try expectPadded(model, plan, values: model.values)
    }
  }

  @Test("A quantized source is decoded, then padded", arguments: [TensorType.q8_0, .q4_0, .bf16])
  func quantizedSource(type: TensorType) throws {
    let model = PaddingModel.dense([288, 288])
    let source = try model.write(to: conversion.fixture, type: type)
    let plan = try conversion.plan(source, "Q4_K_M") { $0.allowRequantize = true }
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

  @Test(
    "Columns of zeros weigh nothing, whether the matrix was measured before or after padding",
    arguments: ["Q2_K", "Q4_K_M", "Q6_K", "IQ4_XS", "IQ3_XXS", "IQ2_XS", "IQ1_M"], [false, true])
  func importance(recipe: String, measuredOnPadded: Bool) throws {
    for model in [PaddingModel.dense(), .experts] {
      func weights(_ tensor: PaddingModel.Tensor, isPadded: Bool) -> [Float] {
        let matrices = tensor.shape.dropLast(2).reduce(1, *)
        let columns = tensor.shape[tensor.shape.count - 1]
        let zeros = isPadded ? (tensor.padded?.last ?? columns) - columns : 0
        return (0..<matrices).flatMap { matrix in
          (0..<columns).map { Float(1 + (matrix + $0 * 7) % 13) }
            + [Float](repeating: 0, count: zeros)
        }
      }
      let matrices = model.tensors.filter { $0.shape.count > 1 }
      let matrix = try conversion.importance(
        matrices.map { ($0.name, weights($0, isPadded: measuredOnPadded)) })
      let plan = try conversion.plan(model.write(to: conversion.fixture), recipe) {
        $0.importance = matrix
        $0.overwrite = true
      }
      try expectPadded(
        model, plan, values: model.values, importance: { weights($0, isPadded: true) })
    }
  }

  @Test("A matrix of another model is refused")
  func foreignImportance() throws {
    let model = PaddingModel.dense()
    let matrix = try conversion.importance([
      ("blk.0.ffn_down.weight", [Float](repeating: 1, count: 301))
    ])
    let error = #expect(throws: ImportanceMatrixError.self) {
      try conversion.plan(model.write(to: conversion.fixture), "Q4_K_M") {
        $0.importance = matrix
      }
    }
    #expect(error?.reason == .mismatch(expected: 300, found: 301))
  }

  @Test("What keeps its type is copied with blocks of zeros", arguments: [TensorType.q8_0, .f16])
  func copies(type: TensorType) throws {
    let model = PaddingModel.dense([288, 288])
    let source = try model.write(to: conversion.fixture, type: type)
    let plan = try conversion.plan(source, "Q4_K_M") {
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

  @Test(
    "The values that share a block with zeros are kept as well as those of a full one",
    arguments: [16, 32, 44, 224], [false, true])
  func accuracy(realColumns: Int, isWeighted: Bool) throws {
    let rows = 64
    let values = ConversionFixture.noise(rows: rows, columns: 256 + realColumns, seed: 9)
      .flatMap { $0 + [Float](repeating: 0, count: 256 - realColumns) }
    let weights = (0..<512).map { $0 < 256 + realColumns ? Float(1 + $0 % 5) : 0 }
    for type in TensorType.allCases where type.isQuantized && type != .q1_0 {
      guard let codec = BlockCodec(type), codec.canEncode,
        isWeighted || !codec.requiresImportance
      else { continue }
      var bytes = [UInt8](repeating: 0, count: codec.byteCount(elementCount: values.count))
      let decoded = [Float](unsafeUninitializedCapacity: values.count) { decoded, count in
        count = values.count
        values.withUnsafeBufferPointer { values in
          weights.withUnsafeBufferPointer { weights in
            bytes.withUnsafeMutableBytes {
              codec.encode(
                values, rows: rows, columns: 512, importance: isWeighted ? weights : nil, into: $0)
            }
          }
        }
        bytes.withUnsafeBytes {
          codec.decode($0, into: UnsafeMutableBufferPointer(rebasing: decoded[0..<values.count]))
        }
      }
      func error(_ columns: Range<Int>) -> Double {
        let squares = (0..<rows).flatMap { row in
          columns.map { Double(values[row * 512 + $0] - decoded[row * 512 + $0]) }.map { $0 * $0 }
        }
        return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
      }
      let (full, shared) = (error(0..<256), error(256..<256 + realColumns))
      #expect(shared < full * 1.1, "\(type): \(shared) for \(full)")
    }
  }
}
