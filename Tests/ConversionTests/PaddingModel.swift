import BlockQuant
import Conversion
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// Feed-forward networks of one or more layers, and the same with zeros written around them.
struct PaddingModel {
  struct Tensor {
    let name: String
    let shape: [Int]
    /// What it becomes; `nil` when it stays as it is.
    var padded: [Int]?
    /// Stretches of rows that grow each by themselves.
    var parts = 1
  }

  var architecture = "llama"
  /// After `ARCHITECTURE.`
  var keys: [(key: String, value: GGUFValue)]
  var tensors: [Tensor]

  static let width = 256

  /// Dense networks with biases.
  static func dense(_ widths: [Int] = [300, 300], to padded: [Int] = [512, 512]) -> PaddingModel {
    let isUniform = Set(widths).count == 1
    var model = PaddingModel(
      architecture: isUniform ? "llama" : "deci",
      keys: [
        (
          "feed_forward_length",
          isUniform ? .uint32(UInt32(widths[0])) : .array(.int32(widths.map(Int32.init)))
        )
      ], tensors: [Tensor(name: "token_embd.weight", shape: [24, width])])
    for (layer, (from, to)) in zip(widths, padded).enumerated() {
      func tensor(_ name: String, _ shape: [Int], _ padded: [Int]? = nil) -> Tensor {
        Tensor(name: "blk.\(layer).\(name)", shape: shape, padded: padded == shape ? nil : padded)
      }
      model.tensors += [
        tensor("attn_q.weight", [16, width]), tensor("ffn_norm.weight", [width]),
        tensor("ffn_gate.weight", [from, width], [to, width]),
        tensor("ffn_gate.bias", [from], [to]),
        tensor("ffn_up.weight", [from, width], [to, width]), tensor("ffn_up.bias", [from], [to]),
        tensor("ffn_down.weight", [width, from], [width, to]), tensor("ffn_down.bias", [width]),
      ]
    }
    return model
  }

  /// Gate above up in one tensor.
  static var fused: PaddingModel {
    PaddingModel(
      architecture: "phi3", keys: [("feed_forward_length", .uint32(300))],
      tensors: [
        Tensor(
          name: "blk.0.ffn_up.weight", shape: [600, width], padded: [1024, width], parts: 2),
        Tensor(name: "blk.0.ffn_down.weight", shape: [width, 300], padded: [width, 512]),
      ])
  }

  /// A dense layer, then three experts and two shared ones, as DeepSeek has them.
  static var experts: PaddingModel {
    func layer(_ name: String, _ shape: [Int], _ padded: [Int]? = nil, parts: Int = 1) -> Tensor {
      Tensor(name: "blk.1.\(name)", shape: shape, padded: padded, parts: parts)
    }
    return PaddingModel(
      architecture: "deepseek2",
      keys: [
        ("feed_forward_length", .uint32(512)), ("expert_feed_forward_length", .uint32(176)),
        ("expert_count", .uint32(3)), ("expert_shared_count", .uint32(2)),
      ],
      tensors: [
        Tensor(name: "blk.0.ffn_gate.weight", shape: [512, width]),
        Tensor(name: "blk.0.ffn_up.weight", shape: [512, width]),
        Tensor(name: "blk.0.ffn_down.weight", shape: [width, 512]),
        layer("ffn_gate_inp.weight", [3, width]), layer("exp_probs_b.bias", [3]),
        layer("ffn_gate_exps.weight", [3, 176, width], [3, 256, width], parts: 3),
        layer("ffn_up_exps.weight", [3, 176, width], [3, 256, width], parts: 3),
        layer("ffn_down_exps.weight", [3, width, 176], [3, width, 256], parts: 3),
        layer("ffn_down_exps.scale", [3]),
        layer("ffn_gate_shexp.weight", [352, width], [512, width]),
        layer("ffn_up_shexp.weight", [352, width], [512, width]),
        layer("ffn_down_shexp.weight", [width, 352], [width, 512]),
      ])
  }

  /// Gate and up of each expert in one tensor, and biases.
  static var fusedExperts: PaddingModel {
    PaddingModel(
      architecture: "gpt-oss", keys: [("expert_feed_forward_length", .uint32(176))],
      tensors: [
        Tensor(
          name: "blk.0.ffn_gate_up_exps.weight", shape: [2, 352, width], padded: [2, 512, width],
          parts: 4),
        Tensor(
          name: "blk.0.ffn_down_exps.weight", shape: [2, width, 176], padded: [2, width, 256]),
        Tensor(name: "blk.0.ffn_down_exps.bias", shape: [2, width]),
      ])
  }

  // MARK: Values

  func values(of tensor: Tensor) -> [Float] {
    let seed = tensor.name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    return ConversionFixture.noise(rows: 1, columns: tensor.shape.reduce(1, *), seed: seed)[0]
  }

  /// `values`, with zeros behind the rows of each part and behind each row.
  static func padded(_ values: [Float], _ tensor: Tensor) -> [Float] {
    guard let padded = tensor.padded else { return values }
    func rows(_ shape: [Int]) -> Int { shape.dropLast().reduce(1, *) / tensor.parts }
    let (columns, grown) = (tensor.shape[tensor.shape.count - 1], padded[padded.count - 1])
    var result = [Float](repeating: 0, count: padded.reduce(1, *))
    for part in 0..<tensor.parts {
      for row in 0..<rows(tensor.shape) {
        let from = (part * rows(tensor.shape) + row) * columns
        let to = (part * rows(padded) + row) * grown
        result.replaceSubrange(to..<to + columns, with: values[from..<from + columns])
      }
    }
    return result
  }

  /// Writes a GGUF with matrices in `type`, the rest in F32.
  func write(
    to fixture: ConversionFixture, as name: String = "source.gguf", type: TensorType = .f32,
    edit: (Tensor, inout [Float]) -> Void = { _, _ in }
  ) throws -> FilePath {
    let metadata = GGUFMetadata(
      [("general.architecture", .string(architecture))]
        + keys.map { ("\(architecture).\($0.key)", $0.value) })
    let layout = try GGUFLayout(
      metadata: metadata,
      tensors: tensors.map { ($0.name, $0.shape.count > 1 ? type : .f32, try Shape($0.shape)) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for (tensor, place) in zip(tensors, layout.tensors) {
      var values = values(of: tensor)
      edit(tensor, &values)
      let columns = place.shape.columns
      let rows = stride(from: 0, to: values.count, by: columns).map {
        Array(values[$0..<$0 + columns])
      }
      bytes.replaceSubrange(
        place.offset..<place.offset + place.byteCount,
        with: ConversionFixture.encoded(rows, as: place.type))
    }
    return try fixture.folder.write(bytes, as: name)
  }
}

/// Plans conversions of ``PaddingModel``s.
struct PaddedConversion {
  let fixture: ConversionFixture

  init() throws { fixture = try ConversionFixture() }

  /// Plans with `--pad-rows`.
  func plan(
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

  /// Why a model cannot be padded, and the tensor that is named; `nil` when it can.
  func obstacle(_ model: PaddingModel, _ recipe: String = "Q4_K_M") throws
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

  /// An importance matrix in llama.cpp's older form.
  func importance(_ entries: [(name: String, weights: [Float])]) throws -> ImportanceMatrix {
    var writer = ByteWriter()
    writer.append(Int32(entries.count))
    for (name, weights) in entries {
      writer.append(Int32(name.utf8.count))
      writer.append(bytes: Array(name.utf8))
      writer.append(Int32(1))
      writer.append(Int32(weights.count))
      for weight in weights { writer.append(weight) }
    }
    return try ImportanceMatrix(fixture.folder.write(writer.bytes, as: "importance.dat"))
  }
}
