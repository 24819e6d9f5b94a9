import CKernels
import Foundation
import Kernels
import TensorCore

/// Queries, keys and values of one attention, and the definition in double precision.
struct AttentionProblem: CustomStringConvertible {
  var heads: Int
  var kvHeads: Int
  var headDim: Int
  var tokens: Int
  /// Position of the first token.
  var first: Int
  var window = 0
  /// Bound of the scores; 0 for none.
  var softcap: Float = 0
  /// Whether each head has a score without a value.
  var hasSinks = false
  /// Length of what keys of a stretch have in common and are stored without, where they are.
  var offset: Float?

  var description: String {
    "\(heads)/\(kvHeads) heads of \(headDim), \(tokens) tokens from \(first), window \(window), softcap \(softcap)"
      + (offset.map { ", offsets of \($0)" } ?? "") + (hasSinks ? ", sinks" : "")
  }

  var length: Int { first + tokens }
  var queries: [Float] { Self.numbers(tokens * heads * headDim, scale: 2) }
  /// `[kv head][position][dimension]`
  var keys: [Float] {
    var keys = Self.numbers(kvHeads * length * headDim)
    guard offset != nil else { return keys }
    let offsets = offsets
    for row in 0..<kvHeads * length {
      for d in 0..<headDim { keys[row * headDim + d] += offsets[offsetStart(row) + d] }
    }
    return keys
  }
  /// `[kv head][stretch][dimension]`
  var offsets: [Float] {
    (0..<kvHeads * stretches * headDim).map { Float(cos(Double($0 * $0))) * (offset ?? 0) }
  }
  /// `[head]`, below, among and above the scores.
  var sinks: [Float] { (0..<heads).map { Float($0 % 3 - 1) * 4 } }
  private var stretches: Int { (length + 255) / 256 }
  /// Where the offset of a row of keys starts.
  private func offsetStart(_ row: Int) -> Int {
    (row / length * stretches + row % length / 256) * headDim
  }
  /// Rows of keys as they are stored, made whole.
  func addingOffsets(_ rows: [[Float]]) -> [[Float]] {
    let offsets = offsets
    return rows.enumerated().map { row, values in
      zip(values, offsets[offsetStart(row)...]).map { $0 + $1 }
    }
  }
  var values: [Float] { Self.numbers(kvHeads * length * headDim, scale: 3) }
  private var scale: Float { 1 / Float(headDim).squareRoot() }

  private static func numbers(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * $0 + 1))) * scale }
  }

  /// Keys and values as a cache holds them, with garbage behind the last position.
  struct Cache {
    let type: quern_cache
    let keys: [UInt8]
    let values: [UInt8]
    let headStride: Int
    let kvHeads: Int
    let length: Int
    let rowByteCount: Int

    /// The rows of all values, head by head.
    var valueRows: [[UInt8]] {
      rows { head, position in
        let start = head * headStride + position * rowByteCount
        return Array(values[start..<start + rowByteCount])
      }
    }

    /// The rows of all keys, gathered from their groups: parts of a row lie 16 parts apart, the scale
    /// of a block first and then its bytes, or element after element.
    var keyRows: [[UInt8]] {
      let block = Int(quern_cache_block_bytes(type))
      let parts =
        block > 0
        ? (0..<rowByteCount / block).flatMap { _ in [2] + [Int](repeating: 1, count: block - 2) }
        : [Int](
          repeating: type == QUERN_CACHE_F32 ? 4 : 2,
          count: rowByteCount / (type == QUERN_CACHE_F32 ? 4 : 2))
      return rows { head, position in
        var row: [UInt8] = []
        var start = head * headStride + position / 16 * 16 * rowByteCount
        for part in parts {
          let from = start + position % 16 * part
          row += keys[from..<from + part]
          start += 16 * part
        }
        return row
      }
    }

    private func rows(_ row: (_ head: Int, _ position: Int) -> [UInt8]) -> [[UInt8]] {
      (0..<kvHeads).flatMap { head in (0..<length).map { row(head, $0) } }
    }
  }

  func cache(_ type: quern_cache, _ kernels: Kernels) -> Cache {
    let rowByteCount = Int(quern_cache_row_bytes(type, headDim))
    let stride = (length + 15) / 16 * 16 * rowByteCount
    // All ones is a NaN in every float type, and a scale that is one.
    var cachedKeys = [UInt8](repeating: 0xff, count: stride * kvHeads)
    var cachedValues = cachedKeys
    let keys = keys, values = values, offsets = offsets
    for head in 0..<kvHeads {
      for position in 0..<length {
        let row = (head * length + position) * headDim
        let key = Array(keys[row..<row + headDim])
        let start = offsetStart(head * length + position)
        let shared = offset.map { _ in Array(offsets[start..<start + headDim]) }
        cachedKeys.withUnsafeMutableBytes {
          quern_cache_store_key(
            kernels.table, type, key, shared, headDim, position, $0.baseAddress! + head * stride)
        }
        values[row..<row + headDim].withUnsafeBufferPointer { value in
          cachedValues.withUnsafeMutableBytes {
            quern_cache_store_value(
              kernels.table, type, value.baseAddress, headDim,
              $0.baseAddress! + head * stride + position * rowByteCount)
          }
        }
      }
    }
    return Cache(
      type: type, keys: cachedKeys, values: cachedValues, headStride: stride, kvHeads: kvHeads,
      length: length, rowByteCount: rowByteCount)
  }

  /// What the kernels of a level give, the items in ranges that end at `splits`.
  func attend(_ cache: Cache, _ kernels: Kernels, splitAt splits: [Int] = []) -> [Float] {
    let products = kernels.products
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Int(products.pointee.scratch_bytes), alignment: 64)
    defer { scratch.deallocate() }
    let rowStride = heads * headDim
    var output = [Float](repeating: .nan, count: tokens * rowStride)
    cache.keys.withUnsafeBytes { keys in
      cache.values.withUnsafeBytes { values in
        withUnsafeInputs { queries, offsets, sinks in
          output.withUnsafeMutableBufferPointer { output in
            var job = quern_attention(
              queries: queries, query_stride: rowStride, output: output.baseAddress,
              output_stride: rowStride, cache: cache.type, keys: keys.baseAddress,
              values: values.baseAddress, key_offsets: offsets,
              key_offset_stride: stretches * headDim, head_stride: cache.headStride,
              head_dim: headDim,
              heads: heads, kv_heads: kvHeads, tokens: tokens, first_position: first,
              window: window, scale: scale, softcap: softcap, sinks: sinks, tokens_per_item: 16)
            var lower = 0
            let items = kvHeads * ((tokens + 15) / 16)
            for upper in splits + [items] where upper > lower && upper <= items {
              products.pointee.attention(&job, lower, upper, scratch)
              lower = upper
            }
          }
        }
      }
    }
    return output
  }

  private func withUnsafeInputs(
    _ body: (
      _ queries: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>?,
      _ sinks: UnsafePointer<Float>?
    ) -> Void
  ) {
    queries.withUnsafeBufferPointer { queries in
      offsets.withUnsafeBufferPointer { offsets in
        sinks.withUnsafeBufferPointer { sinks in
          body(
            queries.baseAddress!, offset == nil ? nil : offsets.baseAddress,
            hasSinks ? sinks.baseAddress : nil)
        }
      }
    }
  }

  /// The definition, of the keys and values before any rounding.
  func definition() -> [Double] { definition(keys: rows(keys), values: rows(values)) }

  /// - Parameters: Rows of all positions, head by head.
  func definition(keys: [[Float]], values: [[Float]]) -> [Double] {
    let queries = queries
    var output = [Double](repeating: 0, count: queries.count)
    for token in 0..<tokens {
      let end = first + token + 1
      let start = window > 0 ? max(0, end - window) : 0
      for head in 0..<heads {
        let query = (token * heads + head) * headDim
        let cached = head / (heads / kvHeads) * length
        let scores = (start..<end).map { position in
          let score =
            (0..<headDim).reduce(0.0) {
              $0 + Double(queries[query + $1]) * Double(keys[cached + position][$1])
            } * Double(scale)
          return softcap == 0 ? score : Double(softcap) * tanh(score / Double(softcap))
        }
        let sink = hasSinks ? Double(sinks[head]) : -.infinity
        let largest = max(sink, scores.max()!)
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(exp(sink - largest), +)
        for (index, weight) in weights.enumerated() {
          let value = values[cached + start + index]
          for d in 0..<headDim { output[query + d] += weight / total * Double(value[d]) }
        }
      }
    }
    return output
  }

  private func rows(_ numbers: [Float]) -> [[Float]] {
    stride(from: 0, to: numbers.count, by: headDim).map { Array(numbers[$0..<$0 + headDim]) }
  }
}
