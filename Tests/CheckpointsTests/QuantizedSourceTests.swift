import Checkpoints
import Foundation
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// One way in which a quantized weight is none, and what is said about it.
struct HostileWeight: Sendable, CustomTestStringConvertible {
  let fixture: String
  let name: String
  let spoil: @Sendable (QuantizedFolder) throws -> Void
  let expects: @Sendable (CheckpointError.Reason) -> Bool

  var testDescription: String { "\(fixture): \(name)" }

  private static let up = "model.layers.0.mlp.up_proj"

  /// A part that is not there.
  static func without(_ ending: String, of fixture: String) -> HostileWeight {
    HostileWeight(
      fixture: fixture, name: "no \(ending)", spoil: { $0.tensors[up + ending] = nil },
      expects: { $0 == .missingTensor(up + ending) })
  }

  /// A part with one row less.
  static func shortened(_ ending: String, of fixture: String) -> HostileWeight {
    HostileWeight(
      fixture: fixture, name: "a short \(ending)",
      spoil: { folder in
        guard var part = folder.tensors[up + ending], let rows = part.extents.first else { return }
        part.extents[0] = rows - 1
        part.bytes = Array(part.bytes.prefix(part.bytes.count / rows * (rows - 1)))
        folder.tensors[up + ending] = part
      },
      expects: { reason in
        switch reason {
        case .wrongShape(let tensor, _, _), .wrongRank(let tensor, _, _):
          tensor.hasPrefix(up)
        default: false
        }
      })
  }

  /// A part of another type.
  static func retyped(_ ending: String, _ type: TensorType, of fixture: String) -> HostileWeight {
    HostileWeight(
      fixture: fixture, name: "\(ending) as \(type)",
      spoil: { folder in
        guard var part = folder.tensors[up + ending] else { return }
        part.type = type
        let count = part.extents.reduce(1, *) * type.bytesPerBlock
        part.bytes = [UInt8](repeating: 0, count: count)
        folder.tensors[up + ending] = part
      },
      expects: {
        if case .wrongCodes(up + ending, _, type) = $0 { true } else { false }
      })
  }

  /// A configuration that says otherwise.
  static func config(
    _ old: String, _ new: String, of fixture: String,
    expects: @escaping @Sendable (CheckpointError.Reason) -> Bool
  ) -> HostileWeight {
    HostileWeight(
      fixture: fixture, name: new, spoil: { try $0.replace(old, with: new) }, expects: expects)
  }

  /// A method or a variant that nobody here knows.
  static func unknown(
    _ old: String, _ new: String, of fixture: String, found: String
  ) -> HostileWeight {
    config(old, new, of: fixture) { reason in
      guard case .unknownQuantization(found, let known) = reason else { return false }
      return known.contains("gptq") && "\(reason)".contains(found)
    }
  }

  private static let isWrongShape: @Sendable (CheckpointError.Reason) -> Bool = {
    if case .wrongShape = $0 { true } else { false }
  }

  static let parts: [HostileWeight] =
    [
      ("fp8-blocks", [".weight_scale_inv"]), ("gptq-4", [".qzeros", ".scales"]),
      ("awq", [".qzeros", ".scales"]), ("packed-4", [".weight_scale", ".weight_shape"]),
      ("mxfp4", [".weight_scales"]), ("int-8", [".weight_scale"]),
    ].flatMap { fixture, endings in
      endings.flatMap { [without($0, of: fixture), shortened($0, of: fixture)] }
        + endings.map { retyped($0, .f64, of: fixture) }
    } + [
      shortened(".g_idx", of: "gptq-4"), shortened(".weight_zero_point", of: "packed-4-zeros"),
      shortened(".weight_zero_point", of: "int-8-zeros"), shortened(".qweight", of: "gptq-4"),
      retyped(".qweight", .f32, of: "gptq-4"), retyped(".weight_packed", .i64, of: "packed-4"),
      retyped(".weight_packed", .i32, of: "mxfp4-packed"),
    ]

  static let configurations: [HostileWeight] = [
    .unknown("\"awq\"", "\"bitsandbytes\"", of: "awq", found: "bitsandbytes"),
    .unknown("\"awq\"", "\"hqq\"", of: "awq", found: "hqq"),
    .unknown("\"awq\"", "\"torchao\"", of: "awq", found: "torchao"),
    .unknown("\"gemm\"", "\"gemv\"", of: "awq", found: "awq (gemv)"),
    .unknown("\"bits\": 4", "\"bits\": 3", of: "gptq-4", found: "gptq (3 bits)"),
    .unknown("gptq_v2", "marlin", of: "gptq-8-v2", found: "gptq (marlin)"),
    .unknown(
      "\"pack-quantized\"", "\"marlin-24\"", of: "packed-4",
      found: "compressed-tensors (marlin-24, 4 bits)"),
    .config("\"group_size\": 32", "\"group_size\": 48", of: "gptq-4") {
      if case .badGroup = $0 { true } else { false }
    },
    .config("\"group_size\": 32", "\"group_size\": 7", of: "awq", expects: isWrongShape),
    .config("\"group_size\": 32", "\"group_size\": 24", of: "packed-4", expects: isWrongShape),
    .config("\"bits\": 4", "\"bits\": 8", of: "gptq-4") { reason in
      if case .badGroup = reason { return true }
      return isWrongShape(reason)
    },
    .config("\"group_size\": 32", "\"group_size\": 0", of: "gptq-4") {
      if case .badKey("group_size", _, _) = $0 { true } else { false }
    },
    .config("\"quant_method\": \"gptq\"", "\"quant_method\": 4", of: "gptq-4") {
      if case .badKey("quant_method", _, _) = $0 { true } else { false }
    },
    .config("\"config_groups\"", "\"no_groups\"", of: "packed-4") {
      if case .badKey("config_groups", _, _) = $0 { true } else { false }
    },
  ]
}

@Suite("Quantized sources") struct QuantizedSourceTests {
  @Test("Any rows of a weight are those of the whole", arguments: QuantizedFixture.all)
  func rows(_ fixture: QuantizedFixture) throws {
    let folder = try QuantizedFolder(fixture)
    var count = 0
    for tensor in try Checkpoint(at: folder.path).tensors {
      guard case .quantized(let weight) = tensor.source.content else { continue }
      count += 1
      let whole = weight.bytes(of: 0..<weight.shape.rows)
      let cuts = [0, 1, 3, 8, 9, 21, weight.shape.rows]
      let pieces = zip(cuts, cuts.dropFirst()).flatMap { weight.bytes(of: $0..<$1) }
      #expect(pieces == whole, "\(tensor.name)")
    }
    #expect(count == 7)
  }

  @Test(
    "A quantized weight whose parts do not fit, and a method that is not known, is refused",
    arguments: HostileWeight.parts + HostileWeight.configurations)
  func refused(_ hostile: HostileWeight) throws {
    let folder = try QuantizedFolder(try #require(QuantizedFixture.named(hostile.fixture)))
    try hostile.spoil(folder)
    try folder.write()
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(at: folder.path) }
    if let error {
      #expect(hostile.expects(error.reason), "\(error.reason)")
      #expect(error.path != nil)
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("Inspection names the method, known or not, and counts weights as the model does")
  func inspected() throws {
    let folder = try QuantizedFolder(try #require(QuantizedFixture.named("gptq-4")))
    let found = try Inspection(folder.path)
    #expect(found.quantization == "gptq, 4 bits, groups of 32")
    let weights = try Checkpoint(at: folder.path).tensors
    #expect(found.parameterCount == weights.reduce(0) { $0 + $1.shape.elementCount })
    try folder.replace("\"gptq\"", with: "\"eetq\"")
    let other = try Inspection(folder.path)
    #expect(other.quantization?.contains("eetq") == true)
  }

  @Test(
    "An order that names a group that is none is refused, and never followed", arguments: [-1, 99])
  func badOrder(_ group: Int32) throws {
    let name = "model.layers.0.mlp.up_proj.g_idx"
    let folder = try QuantizedFolder(try #require(QuantizedFixture.named("gptq-4-order")))
    let good = try Checkpoint(at: folder.path)
    folder.tensors[name]?.bytes.replaceSubrange(
      8..<12, with: withUnsafeBytes(of: group.littleEndian, Array.init))
    try folder.write()
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(at: folder.path) }
    #expect(
      error?.reason == .badGroup(tensor: name, column: 2, group: Int(group), count: 4))
    // The file changed under the one that was opened before.
    for tensor in good.tensors {
      guard case .quantized(let weight) = tensor.source.content else { continue }
      _ = weight.bytes(of: 0..<weight.shape.rows)
    }
  }
}
