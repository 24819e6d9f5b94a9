import GGUF
import TensorCore

/// A number in the metadata that the tensors know too.
struct CountRule {
  /// The key, for errors; in `keys` are all whose change may break the rule.
  let key: String
  let keys: [String]
  /// What says otherwise: a tensor or another key.
  let evidence: String
  let expected: Int
  /// What the metadata say; `nil` when they say nothing.
  let found: (GGUFMetadata) -> Int?
  /// Whether a file without the key works.
  var isOptional = false

  /// The rule that the tensors confirm before an edit and deny after it, among those it touches.
  static func broken(
    by touched: Set<String>, before: GGUFMetadata, after: GGUFMetadata, tensors: [GGUFTensor]
  ) -> [CountRule] {
    rules(before, tensors).filter { rule in
      guard !touched.isDisjoint(with: rule.keys), rule.found(before) == rule.expected else {
        return false
      }
      let found = rule.found(after)
      return found != rule.expected && !(rule.isOptional && found == nil)
    }
  }

  private static func rules(_ metadata: GGUFMetadata, _ tensors: [GGUFTensor]) -> [CountRule] {
    let shapes = Dictionary(
      tensors.map { ($0.name, $0.shape.dimensions) }, uniquingKeysWith: { first, _ in first })
    let architecture = metadata.string("general.architecture") ?? ""
    func extent(_ name: String, _ place: Int) -> Int? {
      shapes[name].flatMap { place <= $0.count ? $0[$0.count - place] : nil }
    }
    var rules: [CountRule] = []
    func add(_ suffix: String, _ evidence: String, _ expected: Int?, isOptional: Bool = false) {
      guard let expected else { return }
      let key = "\(architecture).\(suffix)"
      rules.append(
        CountRule(
          key: key, keys: [key], evidence: evidence, expected: expected,
          found: { $0.integer(key) }, isOptional: isOptional))
    }
    let embedding = "token_embd.weight"
    if let last = lastBlock(tensors) { add("block_count", last.tensor, last.number + 1) }
    add("embedding_length", embedding, extent(embedding, 1))
    add("vocab_size", embedding, extent(embedding, 2), isOptional: true)
    let multiplier = FeedForwardKey.multiplier(of: architecture)
    add(
      "feed_forward_length", "blk.0.ffn_up.weight",
      extent("blk.0.ffn_up.weight", 2).map { multiplier * $0 })
    if let layer = tensors.first(where: { $0.name.hasSuffix(".ffn_up_exps.weight") }) {
      add("expert_count", layer.name, extent(layer.name, 3))
      add("expert_feed_forward_length", layer.name, extent(layer.name, 2), isOptional: true)
    }
    return rules + headRules(architecture, extent) + tokenizerRules(metadata, extent)
  }

  /// Rows of the query and key projections: heads times their size.
  private static func headRules(
    _ architecture: String, _ extent: (String, Int) -> Int?
  ) -> [CountRule] {
    let heads = "\(architecture).attention.head_count"
    let keyHeads = "\(architecture).attention.head_count_kv"
    let keyLength = "\(architecture).attention.key_length"
    let width = "\(architecture).embedding_length"
    func size(_ metadata: GGUFMetadata) -> Int? {
      if let size = metadata.integer(keyLength) { return size }
      guard let width = metadata.integer(width), let heads = metadata.integer(heads), heads > 0
      else { return nil }
      return width / heads
    }
    func rule(_ key: String, _ tensor: String) -> CountRule? {
      extent(tensor, 2).map { rows in
        CountRule(
          key: "\(key), times the head size,", keys: [heads, keyHeads, keyLength],
          evidence: tensor, expected: rows,
          found: { metadata in
            guard let count = metadata.integer(key) ?? metadata.integer(heads),
              let size = size(metadata)
            else { return nil }
            return count.multipliedReportingOverflow(by: size).partialValue
          })
      }
    }
    return [rule(heads, "blk.0.attn_q.weight"), rule(keyHeads, "blk.0.attn_k.weight")]
      .compactMap { $0 }
  }

  private static func tokenizerRules(
    _ metadata: GGUFMetadata, _ extent: (String, Int) -> Int?
  ) -> [CountRule] {
    let list = "tokenizer.ggml.tokens"
    var rules: [CountRule] = []
    if let rows = extent("token_embd.weight", 2) {
      rules.append(
        CountRule(
          key: list, keys: [list], evidence: "token_embd.weight", expected: rows,
          found: { $0.array(list)?.count }))
    }
    for key in ["tokenizer.ggml.token_type", "tokenizer.ggml.scores"] {
      guard metadata[key] != nil, let count = metadata.array(list)?.count else { continue }
      rules.append(
        CountRule(
          key: key, keys: [key], evidence: list, expected: count, found: { $0.array(key)?.count }))
    }
    return rules
  }

  /// The highest number in a `blk.N.` name, and a tensor that has it.
  private static func lastBlock(_ tensors: [GGUFTensor]) -> (number: Int, tensor: String)? {
    tensors.compactMap { tensor -> (number: Int, tensor: String)? in
      let fields = tensor.name.split(separator: ".", maxSplits: 2)
      guard fields.count > 2, fields[0] == "blk", let number = Int(fields[1]), number < Int.max
      else { return nil }
      return (number, tensor.name)
    }.max { $0.number < $1.number }
  }
}
