import Foundation
import GGUF
import Inference
import SystemPackage
import TensorCore
import TestSupport

/// A small random model: its file, and a forward pass in double precision written from the papers,
/// one position at a time, to compare with.
struct TinyModel {
  var architecture = "llama"
  var layers = 2
  var width = 48
  var heads = 6
  var kvHeads = 2
  var headDim = 8
  var feedForward = 80
  var vocabulary = 71
  var contextLength = 300
  var isTied = true
  var ropeBase = 10_000.0
  var linearScale: Double?
  var hasFrequencyFactors = false

  var isQwen2: Bool { architecture == "qwen2" }

  private func shapes() -> [(name: String, shape: [Int])] {
    var list: [(String, [Int])] = [("token_embd.weight", [vocabulary, width])]
    for layer in 0..<layers {
      let name = "blk.\(layer)"
      list += [
        ("\(name).attn_norm.weight", [width]),
        ("\(name).attn_q.weight", [heads * headDim, width]),
        ("\(name).attn_k.weight", [kvHeads * headDim, width]),
        ("\(name).attn_v.weight", [kvHeads * headDim, width]),
        ("\(name).attn_output.weight", [width, heads * headDim]),
        ("\(name).ffn_norm.weight", [width]),
        ("\(name).ffn_gate.weight", [feedForward, width]),
        ("\(name).ffn_up.weight", [feedForward, width]),
        ("\(name).ffn_down.weight", [width, feedForward]),
      ]
      if isQwen2 {
        list += [
          ("\(name).attn_q.bias", [heads * headDim]),
          ("\(name).attn_k.bias", [kvHeads * headDim]),
          ("\(name).attn_v.bias", [kvHeads * headDim]),
        ]
      }
    }
    list.append(("output_norm.weight", [width]))
    if !isTied { list.append(("output.weight", [vocabulary, width])) }
    if hasFrequencyFactors { list.append(("rope_freqs.weight", [headDim / 2])) }
    return list
  }

  /// Values that depend on the tensor's name only.
  func values(_ name: String, count: Int) -> [Float] {
    var state = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    let isNorm = name.contains("norm")
    return (0..<count).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let unit = Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
      if name.contains("rope_freqs") { return 1 + Float(index) * 0.7 }
      return isNorm ? 1 + unit * 0.3 : unit * 0.4
    }
  }

  var metadata: GGUFMetadata {
    var entries: [GGUFMetadata.Entry] = [
      ("general.architecture", .string(architecture)),
      ("\(architecture).block_count", .uint32(UInt32(layers))),
      ("\(architecture).context_length", .uint32(UInt32(contextLength))),
      ("\(architecture).embedding_length", .uint32(UInt32(width))),
      ("\(architecture).feed_forward_length", .uint32(UInt32(feedForward))),
      ("\(architecture).attention.head_count", .uint32(UInt32(heads))),
      ("\(architecture).attention.head_count_kv", .uint32(UInt32(kvHeads))),
      ("\(architecture).attention.layer_norm_rms_epsilon", .float32(1e-5)),
      ("\(architecture).rope.freq_base", .float32(Float(ropeBase))),
    ]
    if headDim * heads != width {
      entries += [
        ("\(architecture).attention.key_length", .uint32(UInt32(headDim))),
        ("\(architecture).attention.value_length", .uint32(UInt32(headDim))),
      ]
    }
    if let linearScale {
      entries += [
        ("\(architecture).rope.scaling.type", .string("linear")),
        ("\(architecture).rope.scaling.factor", .float32(Float(linearScale))),
      ]
    }
    return GGUFMetadata(entries)
  }

  /// Writes the model as a GGUF file, changed by `edit`.
  func write(
    to folder: TemporaryFolder, metadata: GGUFMetadata? = nil,
    tensors edit: ([(name: String, shape: [Int])]) -> [(name: String, shape: [Int])] = { $0 },
    values: (String, Int) -> [Float]? = { _, _ in nil }
  ) throws -> FilePath {
    let tensors = edit(shapes())
    let layout = try GGUFLayout(
      metadata: metadata ?? self.metadata,
      tensors: try tensors.map { ($0.name, .f32, try Shape($0.shape)) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for tensor in layout.tensors {
      let count = tensor.shape.elementCount
      let numbers = values(tensor.name, count) ?? self.values(tensor.name, count: count)
      numbers.withUnsafeBytes {
        bytes.replaceSubrange(tensor.offset..<tensor.offset + $0.count, with: $0)
      }
    }
    return try folder.write(bytes, as: "tiny.gguf")
  }
}

// MARK: - The definition

extension TinyModel {
  private func matrix(_ name: String, _ x: [Double], rows: Int) -> [Double] {
    let weights = values("\(name).weight", count: rows * x.count)
    var result = (0..<rows).map { row in
      x.indices.reduce(0.0) { $0 + Double(weights[row * x.count + $1]) * x[$1] }
    }
    if isQwen2, name.hasSuffix("attn_q") || name.hasSuffix("attn_k") || name.hasSuffix("attn_v") {
      let bias = values("\(name).bias", count: rows)
      for row in 0..<rows { result[row] += Double(bias[row]) }
    }
    return result
  }

  private func norm(_ name: String, _ x: [Double]) -> [Double] {
    let weights = values(name, count: x.count)
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    return zip(x, weights).map { $0 / (mean + 1e-5).squareRoot() * Double($1) }
  }

  private func rotate(_ x: [Double], position: Int) -> [Double] {
    var result = x
    let factors = values("rope_freqs.weight", count: headDim / 2)
    for head in 0..<x.count / headDim {
      for pair in 0..<headDim / 2 {
        var frequency = pow(ropeBase, -2 * Double(pair) / Double(headDim)) / (linearScale ?? 1)
        if hasFrequencyFactors { frequency /= Double(factors[pair]) }
        let angle = Double(position) * frequency
        let first = head * headDim + (isQwen2 ? pair : 2 * pair)
        let second = isQwen2 ? first + headDim / 2 : first + 1
        result[first] = x[first] * cos(angle) - x[second] * sin(angle)
        result[second] = x[first] * sin(angle) + x[second] * cos(angle)
      }
    }
    return result
  }

  /// Logits of every token, keys and values rounded as the cache holds them.
  func referenceLogits(_ tokens: [Int32], cache: CacheType) -> [[Double]] {
    func held(_ values: [Double]) -> [Double] {
      cache == .f16 ? values.map { Double(Float16($0)) } : values
    }
    var keys = [[[Double]]](repeating: [], count: layers)
    var values = keys
    let embedding = self.values("token_embd.weight", count: vocabulary * width)
    return tokens.enumerated().map { position, token in
      var x = (0..<width).map { Double(embedding[Int(token) * width + $0]) }
      for layer in 0..<layers {
        let name = "blk.\(layer)"
        let input = norm("\(name).attn_norm.weight", x)
        let query = rotate(
          matrix("\(name).attn_q", input, rows: heads * headDim), position: position)
        let key = matrix("\(name).attn_k", input, rows: kvHeads * headDim)
        keys[layer].append(held(rotate(key, position: position)))
        values[layer].append(held(matrix("\(name).attn_v", input, rows: kvHeads * headDim)))
        let attended = attend(query, keys[layer], values[layer])
        let projected = matrix("\(name).attn_output", attended, rows: width)
        x = zip(x, projected).map(+)
        let middle = norm("\(name).ffn_norm.weight", x)
        let gate = matrix("\(name).ffn_gate", middle, rows: feedForward)
        let up = matrix("\(name).ffn_up", middle, rows: feedForward)
        let down = matrix(
          "\(name).ffn_down", zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }, rows: width)
        x = zip(x, down).map(+)
      }
      return matrix(
        isTied ? "token_embd" : "output", norm("output_norm.weight", x), rows: vocabulary)
    }
  }

  private func attend(_ query: [Double], _ keys: [[Double]], _ values: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: heads * headDim)
    for head in 0..<heads {
      let kv = head / (heads / kvHeads) * headDim
      let scores = keys.map { key in
        (0..<headDim).reduce(0.0) { $0 + query[head * headDim + $1] * key[kv + $1] }
          / Double(headDim).squareRoot()
      }
      let weights = scores.map { exp($0 - scores.max()!) }
      let total = weights.reduce(0, +)
      for (weight, value) in zip(weights, values) {
        for d in 0..<headDim { result[head * headDim + d] += weight / total * value[kv + d] }
      }
    }
    return result
  }
}
