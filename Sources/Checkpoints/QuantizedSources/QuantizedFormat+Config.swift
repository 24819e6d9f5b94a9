import Tokenizers

extension QuantizedFormat {
  /// What can be read, as a configuration calls it.
  static let known = [
    "fp8", "fbgemm_fp8", "modelopt (FP8)", "gptq", "awq", "compressed-tensors", "mxfp4",
  ]

  /// The format that a folder declares in `config.json` or beside it; `nil` for plain floats.
  ///
  /// - Throws: ``CheckpointError`` with `.unknownQuantization` for one that is not known, or one of a
  ///   variant that is not.
  init?(of config: JSONFile) throws {
    guard let declaration = try QuantizationDeclaration(of: config) else { return nil }
    let reader = QuantizationReader(config: declaration.file, declared: declaration.declared)
    let method = declaration.method
    switch method.lowercased() {
    case "fp8":
      self = .scaled(
        "fp8", scales: ["_scale_inv", "_scale"], block: try reader.block("weight_block_size"))
    case "fbgemm_fp8": self = .scaled("fbgemm_fp8", scales: ["_scale"])
    case "modelopt": self = try reader.modelopt()
    case "gptq": self = try reader.gptq()
    case "awq": self = try reader.awq()
    case "compressed-tensors": self = try reader.compressed()
    case "mxfp4": self = .mxfp4
    default: throw reader.unknown(method)
    }
  }
}

/// Reads what each method says about itself.
private struct QuantizationReader {
  let config: JSONFile
  let declared: JSONValue

  func unknown(_ found: String) -> CheckpointError {
    CheckpointError(
      .unknownQuantization(found, known: QuantizedFormat.known), path: config.path)
  }

  private func string(_ key: String, of object: JSONValue? = nil) throws -> String? {
    try config.string(key, of: object ?? declared)
  }

  /// Columns that share a scale: more than none, or -1 for all of a row.
  private func groupSize(_ key: String, of object: JSONValue? = nil) throws -> Int? {
    let size = try config.integer(key, in: -1...1 << 30, of: object ?? declared)
    guard size != 0 else { throw config.bad(key, "-1 or more than 0", .integer(0)) }
    return size
  }

  /// Rows and columns of a block; `nil` when the key is absent.
  func block(_ key: String, of object: JSONValue? = nil) throws -> (rows: Int, columns: Int)? {
    guard let value = JSONFile.present((object ?? declared)[key]) else { return nil }
    let extents = value.array?.compactMap(\.integer) ?? []
    guard extents.count == 2, extents.allSatisfy({ 1...1 << 30 ~= $0 }) else {
      throw config.bad(key, "two whole numbers above 0", value)
    }
    return (extents[0], extents[1])
  }

  func modelopt() throws -> QuantizedFormat {
    let algorithm = try string("quant_algo") ?? "no quant_algo"
    guard algorithm == "FP8" else { throw unknown("modelopt (\(algorithm))") }
    return .scaled("modelopt, FP8", scales: ["_scale"])
  }

  func gptq() throws -> QuantizedFormat {
    let bits = try config.integer("bits", in: 1...32, of: declared) ?? 4
    guard [2, 4, 8].contains(bits) else { throw unknown("gptq (\(bits) bits)") }
    let layout = try string("checkpoint_format") ?? "gptq"
    guard ["gptq", "gptq_v2"].contains(layout) else { throw unknown("gptq (\(layout))") }
    if declared["is_marlin_format"]?.bool == true { throw unknown("gptq (marlin)") }
    return .gptq(
      bits: bits, groupSize: try groupSize("group_size") ?? -1, zeroOffset: layout == "gptq" ? 1 : 0
    )
  }

  func awq() throws -> QuantizedFormat {
    // AutoAWQ's own names come second.
    let bits =
      try config.integer("bits", in: 1...32, of: declared)
      ?? config.integer("w_bit", in: 1...32, of: declared) ?? 4
    guard bits == 4 else { throw unknown("awq (\(bits) bits)") }
    let layout = try string("version")?.lowercased() ?? "gemm"
    guard layout == "gemm" else { throw unknown("awq (\(layout))") }
    return .awq(groupSize: try groupSize("group_size") ?? groupSize("q_group_size") ?? 128)
  }

  // MARK: compressed-tensors

  func compressed() throws -> QuantizedFormat {
    if let sparsity = declared["sparsity_config"], case .object = sparsity,
      let format = try string("format", of: sparsity), format != "dense"
    {
      throw unknown("compressed-tensors (\(format))")
    }
    let groups = declared["config_groups"]?.object ?? []
    let kinds = Set(try groups.map { try compressed($0.value) })
    guard let kind = kinds.first else {
      throw config.bad(
        "config_groups", "an object with a group of weights", declared["config_groups"])
    }
    guard kinds.count == 1 else { throw unknown("compressed-tensors (groups of several kinds)") }
    return try format(kind)
  }

  /// What decides how weights of a group are packed.
  private struct Kind: Hashable {
    var format: String
    var bits: Int
    var isFloat: Bool
    var groupSize: Int?
    var block: [Int]?
  }

  private func compressed(_ group: JSONValue) throws -> Kind {
    guard let weights = JSONFile.present(group["weights"]), case .object = weights else {
      throw config.bad("weights", "an object", group["weights"])
    }
    guard let format = try string("format", of: group) ?? string("format") else {
      throw config.bad("format", "the name of a format", nil)
    }
    let bits = try config.integer("num_bits", in: 1...32, of: weights) ?? 8
    let isFloat = try string("type", of: weights) == "float"
    if isFloat, weights["symmetric"]?.bool == false {
      throw unknown("compressed-tensors (floats with zero points)")
    }
    let strategy = try string("strategy", of: weights) ?? "tensor"
    let kind = Kind(
      format: format, bits: bits, isFloat: isFloat,
      groupSize: try groupSize("group_size", of: weights),
      block: try block("block_structure", of: weights).map { [$0.rows, $0.columns] })
    guard ["tensor", "channel", "group", "block"].contains(strategy),
      strategy != "group" || kind.groupSize != nil, strategy != "block" || kind.block != nil
    else { throw config.bad("strategy", "tensor, channel, group or block", .string(strategy)) }
    return kind
  }

  private func format(_ kind: Kind) throws -> QuantizedFormat {
    let name = "compressed-tensors, \(kind.format)"
    switch kind.format {
    case "pack-quantized" where !kind.isFloat && [2, 4, 8].contains(kind.bits):
      return .packed(bits: kind.bits, groupSize: kind.groupSize ?? -1)
    case "int-quantized" where !kind.isFloat && kind.bits <= 8,
      "float-quantized" where kind.isFloat && kind.bits == 8,
      "naive-quantized" where kind.bits <= 8:
      let columns = kind.groupSize.map { $0 > 0 ? (rows: 1, columns: $0) : nil } ?? nil
      let block = kind.block.map { (rows: $0[0], columns: $0[1]) }
      return .scaled(name, scales: ["_scale"], block: block ?? columns)
    case "mxfp4-pack-quantized": return .packedMXFP4
    default:
      throw unknown(
        "compressed-tensors (\(kind.format), \(kind.bits) bits\(kind.isFloat ? ", float" : ""))")
    }
  }
}
