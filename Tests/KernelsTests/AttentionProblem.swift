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

  var description: String {
    "\(heads)/\(kvHeads) heads of \(headDim), \(tokens) tokens from \(first), window \(window), softcap \(softcap)"
  }

  var length: Int { first + tokens }
  var queries: [Float] { Self.numbers(tokens * heads * headDim, scale: 2) }
  /// `[kv head][position][dimension]`
  var keys: [Float] { Self.numbers(kvHeads * length * headDim) }
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
    let keys = keys, values = values
    for head in 0..<kvHeads {
      for position in 0..<length {
        let row = (head * length + position) * headDim
        keys[row..<row + headDim].withUnsafeBufferPointer { key in
          cachedKeys.withUnsafeMutableBytes {
            quern_cache_store_key(
              kernels.table, type, key.baseAddress, headDim, position,
              $0.baseAddress! + head * stride)
          }
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
        queries.withUnsafeBufferPointer { queries in
          output.withUnsafeMutableBufferPointer { output in
            var job = quern_attention(
              queries: queries.baseAddress, query_stride: rowStride, output: output.baseAddress,
              output_stride: rowStride, cache: cache.type, keys: keys.baseAddress,
              values: values.baseAddress, head_stride: cache.headStride, head_dim: headDim,
              heads: heads, kv_heads: kvHeads, tokens: tokens, first_position: first,
              window: window, scale: scale, softcap: softcap, tokens_per_item: 16)
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
        let largest = scores.max()!
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
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
