import TensorCore

/// One way in which checkpoints keep weights quantized: which tensors make one, and how.
///
/// To add one, describe its weight in a file beside this, and read its configuration where
/// ``init(of:)`` does.
struct QuantizedFormat: Sendable {
  /// In a few words: `gptq, 4 bits, groups of 128`.
  let summary: String
  /// Ending of the name of the tensor that stands for a weight.
  let head: String
  /// What the name of the weight has in its place.
  let ending: String
  /// Types of the tensors that do so; `nil` where the ending alone tells.
  var headTypes: Set<TensorType>?
  /// Endings of the tensors that belong to a weight, in the place of the head's.
  let companions: [String]
  /// Where a weight stands, as llama.cpp's converter has it.
  var place = Place.last
  let weight: @Sendable (WeightParts) throws -> any QuantizedWeight

  enum Place: Sendable {
    /// Before all plain tensors, or behind them.
    case first, last
    /// Where its first tensor does.
    case own
  }

  /// What the name of a tensor begins with that stands for a weight; `nil` for any other.
  func base(of name: String, _ type: TensorType) -> String? {
    guard name.hasSuffix(head), headTypes?.contains(type) ?? true else { return nil }
    return String(name.dropLast(head.count))
  }

  /// The tensor that stands for a weight, by one that belongs to it and is found without; `nil` for one that belongs to
  /// none, and where weights have their own names.
  func head(missedBy name: String) -> String? {
    guard !head.isEmpty, let companion = companions.first(where: name.hasSuffix) else { return nil }
    return name.dropLast(companion.count) + head
  }

  /// Endings of tensors that say how activations and caches were quantized, which no weight needs.
  static let unused = [
    ".input_scale", ".input_scale_ub", ".input_zero_point", ".activation_scale", ".output_scale",
    ".k_scale", ".v_scale", ".input_global_scale",
  ]
}

extension QuantizedFormat {
  static func gptq(bits: Int, groupSize: Int, zeroOffset: UInt32) -> Self {
    Self(
      summary: "gptq, \(bits) bits, \(groups(of: groupSize))", head: ".qweight", ending: ".weight",
      companions: [".qzeros", ".scales", ".g_idx"]
    ) {
      try GPTQWeight($0, bits: bits, groupSize: groupSize, zeroOffset: zeroOffset)
    }
  }

  static func awq(groupSize: Int) -> Self {
    Self(
      summary: "awq, 4 bits, \(groups(of: groupSize))", head: ".qweight", ending: ".weight",
      companions: [".qzeros", ".scales"]
    ) {
      try AWQWeight($0, groupSize: groupSize)
    }
  }

  static func packed(bits: Int, groupSize: Int) -> Self {
    Self(
      summary: "compressed-tensors, pack-quantized, \(bits) bits, \(groups(of: groupSize))",
      head: ".weight_packed", ending: ".weight",
      companions: [".weight_scale", ".weight_zero_point", ".weight_shape", ".weight_g_idx"]
    ) {
      try PackedWeight($0, bits: bits, groupSize: groupSize)
    }
  }

  /// One byte an element, with scales of rectangles under the first of `scales` that a weight has.
  static func scaled(
    _ summary: String, scales: [String], block: (rows: Int, columns: Int)? = nil
  ) -> Self {
    Self(
      summary: summary + (block.map { ", blocks of \($0.rows) x \($0.columns)" } ?? ""), head: "",
      ending: "", headTypes: ScaledWeight.types, companions: scales + ["_zero_point"],
      place: .own
    ) { parts in
      let scale = scales.first(where: parts.has) ?? scales[0]
      return try ScaledWeight(parts, scale: scale, block: block)
    }
  }

  /// Blocks of 4-bit floats, as gpt-oss keeps its experts.
  static let mxfp4 = Self(
    summary: "mxfp4", head: "_blocks", ending: "", companions: ["_scales"], place: .first
  ) {
    try MXFP4Weight($0, blocks: "_blocks", scales: "_scales")
  }

  /// The same as compressed-tensors names it.
  static let packedMXFP4 = Self(
    summary: "compressed-tensors, mxfp4-pack-quantized", head: ".weight_packed", ending: ".weight",
    companions: [".weight_scale"]
  ) {
    try MXFP4Weight($0, blocks: ".weight_packed", scales: ".weight_scale")
  }

  private static func groups(of size: Int) -> String {
    size < 0 ? "whole rows" : "groups of \(size)"
  }
}
