import Checkpoints
import Foundation
import TensorCore

/// What `inspect` prints for people.
struct InspectTables {
  private let inspection: Inspection
  private let isVerbose: Bool

  init(_ inspection: Inspection, isVerbose: Bool) {
    self.inspection = inspection
    self.isVerbose = isVerbose
  }

  func summary(of path: String) -> String {
    var lines = [
      "\(path.printable): \(inspection.format)\(inspection.version.map { " version \($0)" } ?? "")"
        + (inspection.byteOrder == .big ? ", big-endian" : "")
        + (inspection.architecture.map { ", \($0.printable)" } ?? "")
    ]
    let weights = Quantities.count(inspection.parameterCount)
    let bits = inspection.bitsPerWeight.formatted(.number.precision(.fractionLength(2)))
    lines.append(
      "\(inspection.tensors.count) tensors, \(weights) parameters, \(bits) bits per weight, "
        + Quantities.bytes(inspection.byteCount)
        + (inspection.fileCount == 1 ? "" : " in \(inspection.fileCount) files"))
    if let quantization = inspection.quantization { lines.append("quantized: \(quantization)") }
    return (lines + [outline, tokenizer].filter { !$0.isEmpty }).joined(separator: "\n")
  }

  /// `context 32768, 24 blocks, width 896, 14 heads (2 for keys and values)`
  private var outline: String {
    let outline = inspection.outline
    var parts: [String] = []
    func add(_ value: Int?, _ text: (Int) -> String) { if let value { parts.append(text(value)) } }
    add(outline.contextLength) { "context \($0)" }
    add(outline.blockCount) { "\($0) blocks" }
    add(outline.embeddingLength) { "width \($0)" }
    add(outline.feedForwardLength) { "feed-forward \($0)" }
    add(outline.headCount) { heads in
      let keys = outline.keyValueHeadCount.map { " (\($0) for keys and values)" } ?? ""
      return "\(heads) heads\(keys)"
    }
    add(outline.expertCount) { experts in
      experts == 0
        ? "" : "\(experts) experts" + (outline.usedExpertCount.map { ", \($0) at a time" } ?? "")
    }
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// `tokenizer gpt2/qwen2, 151936 tokens, bos 151643, eos 151645; chat template of 2509 characters`
  private var tokenizer: String {
    guard let facts = inspection.tokenizer else { return "" }
    let names = [facts.model, facts.preTokenizer].compactMap { $0?.printable }
    var parts = ["tokenizer" + (names.isEmpty ? "" : " " + names.joined(separator: "/"))]
    if let count = facts.tokenCount { parts.append("\(count) tokens") }
    for name in ["bos", "eos", "padding", "pad", "unknown", "unk"] {
      if let id = facts.specialTokens[name] { parts.append("\(name) \(id)") }
    }
    let template = facts.chatTemplate.map { "chat template of \($0.count) characters" }
    return parts.joined(separator: ", ") + "; " + (template ?? "no chat template")
  }

  var metadata: String {
    var table = Table([("key", .left), ("type", .left), ("value", .left)])
    for (key, value) in inspection.metadata {
      let text = "\(value)".printable
      let limit = isVerbose ? Int.max : 72
      table.append(
        key.printable, value.typeName, text.count > limit ? text.prefix(limit - 1) + "…" : text)
    }
    return table.text
  }

  var types: String { shares("type", inspection.types.map { ($0.type, $0.share) }) }

  var roles: String {
    shares(
      "what for",
      inspection.roles.map {
        ($0.role.rawValue.replacingOccurrences(of: "_", with: "-"), $0.share)
      })
  }

  private func shares(_ title: String, _ shares: [(String, Inspection.Share)]) -> String {
    var table = Table([
      (title, .left), ("tensors", .right), ("parameters", .right), ("size", .right),
      ("bits", .right),
    ])
    for (name, share) in shares {
      let bits =
        share.parameterCount == 0
        ? 0 : Double(share.byteCount) * 8 / Double(share.parameterCount)
      table.append(
        name, "\(share.tensorCount)", Quantities.count(share.parameterCount),
        Quantities.bytes(share.byteCount), String(format: "%.2f", bits))
    }
    return table.text
  }

  /// A row for each block: its size, and the types of its matrices by what they are for.
  var layers: String {
    let layers = inspection.layers
    let roles = InspectedRole.allCases.filter { role in
      layers.contains { $0.types[role] != nil }
    }
    var table = Table(
      [("layer", .right), ("tensors", .right), ("parameters", .right), ("size", .right)]
        + roles.map { ($0.rawValue.replacingOccurrences(of: "_", with: "-"), .left) })
    for layer in layers {
      table.append(
        [
          "\(layer.number)", "\(layer.share.tensorCount)",
          Quantities.count(layer.share.parameterCount), Quantities.bytes(layer.share.byteCount),
        ]
          + roles.map { role in
            (layer.types[role] ?? [:]).sorted { ($0.value, $1.key) > ($1.value, $0.key) }
              .map { $0.value == 1 ? $0.key : "\($0.value)×\($0.key)" }.joined(separator: " ")
          })
    }
    return table.text
  }

  var tensors: String {
    var table = Table([
      ("tensor", .left), ("type", .left), ("shape", .left), ("offset", .right), ("bytes", .right),
    ])
    for tensor in inspection.tensors {
      table.append(
        tensor.name.printable, tensor.type.name, "\(tensor.shape)", "\(tensor.offset)",
        "\(tensor.byteCount)")
    }
    return table.text
  }
}
