import Checkpoints
import Conversion
import Foundation
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Quantized folders as sources of safetensors, and where they say how they are quantized.
@Suite struct PlainSafetensorsTests {
  private func convert(
    _ source: FilePath, to target: FilePath, isFolder: Bool = false, as recipe: String? = nil
  ) throws {
    let options = ConversionOptions(recipe: try recipe.map { try #require(Recipe(named: $0)) })
    _ = try ConversionPlan(
      from: source, to: target.string + (isFolder ? "/" : ""), options: options
    ).execute(on: WorkerPool(workerCount: 2))
  }

  private func config(_ folder: FilePath) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(
        with: Data(readBytes(folder.appending("config.json")))) as? [String: Any])
  }

  private func write(_ object: [String: Any], to path: FilePath) throws {
    try JSONSerialization.data(withJSONObject: object)
      .write(to: URL(fileURLWithPath: path.string))
  }

  @Test(
    "One file of a quantized folder holds plain floats under the names of a plain checkpoint",
    arguments: QuantizedFixture.all)
  func decoded(_ fixture: QuantizedFixture) throws {
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    let target = folder.path.appending("out.safetensors")
    try convert(source, to: target)
    let stored = try SafetensorsCheckpoint(target)
    #expect(stored.tensors.allSatisfy { [.f32, .f16, .bf16].contains($0.tensor.type) })
    // As the weights of a plain folder they make the values of independent decoders.
    var plain = try config(source)
    plain["quantization_config"] = nil
    plain["compression_config"] = nil
    try write(plain, to: source.appending("config.json"))
    try FileManager.default.removeItem(atPath: source.appending("model.safetensors").string)
    try FileManager.default.copyItem(
      atPath: target.string, toPath: source.appending("model.safetensors").string)
    let gguf = folder.path.appending("out.gguf")
    try convert(source, to: gguf, as: "F32")
    let set = try GGUFSet(gguf)
    for wanted in fixture.tensors {
      let tensor = try #require(set.tensor(wanted.name))
      #expect(hash(Array(set.bytes(of: tensor))) == wanted.f32, "\(wanted.name)")
    }
    withExtendedLifetime(set) {}
    #expect(set.tensors.count == fixture.tensors.count)
  }

  @Test(
    "A method that only a file beside config.json declares is read, and goes away with it",
    arguments: [
      ("gptq-4", "quantize_config.json", ["quant_method"], [:]),
      ("gptq-8-v2", "quantize_config.json", [], [:]),
      (
        "awq", "quant_config.json", ["quant_method"],
        ["bits": "w_bit", "group_size": "q_group_size"]
      ),
    ] as [(String, String, [String], [String: String])])
  func beside(name: String, file: String, without: [String], renamed: [String: String]) throws {
    let fixture = try #require(QuantizedFixture.named(name))
    let folder = try TemporaryFolder()
    let source = try fixture.copy(into: folder)
    try convert(source, to: folder.path.appending("declared.gguf"), as: "F32")
    var plain = try config(source)
    var declared = try #require(plain.removeValue(forKey: "quantization_config") as? [String: Any])
    for key in without { declared[key] = nil }
    for (old, new) in renamed { declared[new] = declared.removeValue(forKey: old) }
    try write(plain, to: source.appending("config.json"))
    try write(declared, to: source.appending(file))
    try convert(source, to: folder.path.appending("beside.gguf"), as: "F32")
    #expect(
      try readBytes(folder.path.appending("beside.gguf"))
        == readBytes(folder.path.appending("declared.gguf")))
    let made = folder.path.appending("made")
    try convert(source, to: made, isFolder: true)
    #expect(!FileManager.default.fileExists(atPath: made.appending(file).string))
  }

  @Test(
    "What is not read is refused by its name, whatever is made of it",
    arguments: [
      (#"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#, "bitsandbytes"),
      (#"{"load_in_8bit": true}"#, "bitsandbytes"), (#"{"quant_method": "hqq"}"#, "hqq"),
      (#"{"quant_method": "eetq"}"#, "eetq"), (#"{"quant_method": "aqlm"}"#, "aqlm"),
      (#"{"quant_method": "quanto"}"#, "quanto"), (#"{"quant_method": "torchao"}"#, "torchao"),
      (#"{"quant_method": "quark"}"#, "quark"), (#"{"quant_method": "bitnet"}"#, "bitnet"),
      (#"{"quant_algo": "NVFP4"}"#, "modelopt (NVFP4)"),
      (#"{"quant_method": "auto-round", "bits": 4}"#, "auto-round"),
    ])
  func refused(declared: String, name: String) throws {
    let folder = try TemporaryFolder()
    let source = try #require(QuantizedFixture.named("gptq-4")).copy(into: folder)
    var changed = try config(source)
    changed["quantization_config"] = try JSONSerialization.jsonObject(with: Data(declared.utf8))
    try write(changed, to: source.appending("config.json"))
    for target in ["out.gguf", "out.safetensors", "out/"] {
      let error = #expect(throws: CheckpointError.self) {
        try ConversionPlan(
          from: source, to: folder.path.string + "/" + target, options: ConversionOptions())
      }
      guard case .unknownQuantization(let found, _)? = error?.reason else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(found == name)
    }
  }

  @Test("A file that leaves its configuration behind says so")
  func lone() throws {
    let folder = try TemporaryFolder()
    let source = try #require(QuantizedFixture.named("gptq-4")).copy(into: folder)
    let lone = try folder.write(
      try readBytes(source.appending("model.safetensors")), as: "lone.safetensors")
    let plan = try ConversionPlan(
      from: lone, to: folder.path.appending("copy.safetensors").string,
      options: ConversionOptions())
    #expect(plan.warnings.contains { $0.contains("no file says how") })
  }

  // MARK: Stacked experts

  private typealias Stored = (type: TensorType, extents: [Int], bytes: [UInt8])

  /// A checkpoint with these tensors for those of the same layer's experts.
  private func folder(
    _ experts: [String: Stored], in temporary: TemporaryFolder, named name: String,
    block: [Int]?
  ) throws -> FilePath {
    let path = temporary.path.appending(name)
    let plain = CheckpointFixture.qwen3Moe.path
    try FileManager.default.copyItem(atPath: plain.string, toPath: path.string)
    let stored = try SafetensorsCheckpoint(plain)
    var tensors = experts
    for entry in stored.tensors where !entry.tensor.name.contains(".experts.") {
      tensors[entry.tensor.name] = (
        entry.tensor.type, entry.tensor.shape.dimensions, Array(stored.bytes(of: entry))
      )
    }
    let layout = try SafetensorsLayout(
      metadata: [:],
      tensors: try tensors.map { ($0.key, $0.value.type, try Shape($0.value.extents)) })
    var bytes = layout.header
    for place in layout.tensors { bytes += tensors[place.name]?.bytes ?? [] }
    for name in try FileManager.default.contentsOfDirectory(atPath: path.string)
    where name.contains(".safetensors") {
      try FileManager.default.removeItem(atPath: path.appending(name).string)
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path.appending("model.safetensors").string))
    var changed = try config(path)
    changed["quantization_config"] =
      ["quant_method": "fp8", "weight_block_size": block as Any?].compactMapValues { $0 }
    try write(changed, to: path.appending("config.json"))
    return path
  }

  private static func noise(_ count: Int, _ seed: inout UInt64) -> [UInt8] {
    (0..<count).map { _ in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      // No code that stands for no number.
      return UInt8(seed >> 56) & 0xF7
    }
  }

  @Test(
    "Experts that are stacked and quantized are those that lie one by one",
    arguments: [[16, 16], [10, 12], [128, 128], nil] as [[Int]?])
  func stacked(block: [Int]?) throws {
    let temporary = try TemporaryFolder()
    let about = try config(CheckpointFixture.qwen3Moe.path)
    let count = try #require(about["num_experts"] as? Int ?? about["num_local_experts"] as? Int)
    let inner = try #require(about["moe_intermediate_size"] as? Int)
    let width = try #require(about["hidden_size"] as? Int)
    var seed: UInt64 = 7
    var (stacked, single): ([String: Stored], [String: Stored]) = ([:], [:])
    for layer in 0..<(about["num_hidden_layers"] as? Int ?? 0) {
      let prefix = "model.layers.\(layer).mlp.experts."
      for (name, parts, rows, columns) in [
        ("gate_up_proj", ["gate_proj", "up_proj"], inner, width),
        ("down_proj", ["down_proj"], width, inner),
      ] {
        let grid =
          block.map { [(rows + $0[0] - 1) / $0[0], (columns + $0[1] - 1) / $0[1]] } ?? [1, 1]
        var (codes, scales): ([UInt8], [UInt8]) = ([], [])
        for expert in 0..<count {
          for part in parts {
            let own = Self.noise(rows * columns, &seed)
            let ownScales = (0..<grid[0] * grid[1]).flatMap { place in
              withUnsafeBytes(
                of: (Float(place + 1 + expert) * 0.01).bitPattern.littleEndian, Array.init)
            }
            single["\(prefix)\(expert).\(part).weight"] = (.f8E4M3, [rows, columns], own)
            single["\(prefix)\(expert).\(part).weight_scale_inv"] = (
              .f32, block == nil ? [] : grid, ownScales
            )
            codes += own
            scales += ownScales
          }
        }
        stacked[prefix + name] = (.f8E4M3, [count, parts.count * rows, columns], codes)
        stacked["\(prefix)\(name)_scale_inv"] = (
          .f32, [count, parts.count * grid[0], grid[1]], scales
        )
      }
    }
    var made: [[UInt8]] = []
    for (name, experts) in [("stacked", stacked), ("single", single)] {
      let source = try folder(experts, in: temporary, named: name, block: block)
      let target = temporary.path.appending("\(name).gguf")
      try convert(source, to: target, as: "F32")
      let set = try GGUFSet(target)
      made.append(
        set.tensors.sorted { $0.name < $1.name }.flatMap {
          Array($0.name.utf8) + Array(set.bytes(of: $0))
        })
      // And back into a folder, where each expert has its own again.
      let back = temporary.path.appending("\(name)-back")
      try convert(source, to: back, isFolder: true, as: "F32")
      withExtendedLifetime(set) {}
    }
    #expect(made[0] == made[1])
  }
}
