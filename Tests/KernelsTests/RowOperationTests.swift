import CKernels
import Foundation
import Kernels
import Testing

@Suite struct RowOperationTests {
  private func numbers(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * $0 + 1))) * scale }
  }

  @Test("Norms follow their formula at every length", arguments: [1, 7, 16, 33, 576])
  func norm(count: Int) {
    let x = numbers(count), weight = numbers(count, scale: 2)
    let mean = x.map { Double($0) * Double($0) }.reduce(0, +) / Double(count)
    for level in KernelLevel.available {
      var output = [Float](repeating: 0, count: count)
      Kernels(level)!.products.pointee.rms_norm(x, weight, 1e-5, count, &output)
      for index in 0..<count {
        let expected = Double(x[index]) / (mean + 1e-5).squareRoot() * Double(weight[index])
        #expect(abs(Double(output[index]) - expected) <= 1e-6 * (1 + abs(expected)))
      }
    }
  }

  @Test("The gate is silu times up, far out as well", arguments: [1, 15, 16, 100])
  func gate(count: Int) {
    var gate = numbers(count, scale: 30)
    gate[0] = -200
    let up = numbers(count)
    for level in KernelLevel.available {
      var output = gate
      Kernels(level)!.products.pointee.silu_multiply(&output, up, count)
      for index in 0..<count {
        let expected = Double(gate[index]) / (1 + exp(-Double(gate[index]))) * Double(up[index])
        #expect(
          abs(Double(output[index]) - expected) <= 1e-6 * max(1, abs(expected)),
          "\(level.rawValue), \(gate[index])")
      }
    }
  }

  @Test("Half precision rounds as the language does")
  func half() {
    let values: [Float] = [
      0, -0.0, 1, -1, 65504, 65519.9, 65520, 1e30, -1e30, .infinity, 6e-8, 2.9e-8, 6.1e-5, 1e-10,
      0.1, 1.0004883, 1.0014648, 3.14159, 2049, 2051,
    ]
    for level in KernelLevel.available {
      var bits = [UInt16](repeating: 0, count: values.count)
      Kernels(level)!.products.pointee.to_half(values, values.count, &bits)
      #expect(bits == values.map { Float16($0).bitPattern }, "\(level.rawValue)")
    }
  }

  @Test("The largest magnitude is found wherever it stands", arguments: [0, 1, 7, 16, 33, 1000])
  func largestMagnitude(count: Int) {
    let plain = numbers(count)
    let expected = plain.map(\.magnitude).max() ?? 0
    for level in KernelLevel.available {
      let kernels = Kernels(level)!
      func found(_ values: [Float]) -> Float {
        values.withUnsafeBufferPointer(kernels.largestMagnitude)
      }
      #expect(found(plain) == expected)
      for index in Set([0, count / 2, count - 1]) where index >= 0 && index < count {
        var values = plain
        values[index] = -7
        #expect(found(values) == 7)
        values[index] = -.infinity
        #expect(found(values) == .infinity)
        values[index] = -.nan
        #expect(found(values).isNaN, "\(level.rawValue), \(index) of \(count)")
      }
    }
  }

  struct AttentionCase: CustomStringConvertible {
    var heads: Int
    var kvHeads: Int
    var headDim: Int
    var tokens: Int
    var first: Int
    var window = 0
    var description: String {
      "\(heads)/\(kvHeads) heads of \(headDim), \(tokens) tokens from \(first), window \(window)"
    }
  }

  @Test(
    "Attention follows its definition",
    arguments: [
      AttentionCase(heads: 1, kvHeads: 1, headDim: 2, tokens: 1, first: 0),
      AttentionCase(heads: 9, kvHeads: 3, headDim: 64, tokens: 1, first: 200),
      AttentionCase(heads: 14, kvHeads: 2, headDim: 64, tokens: 37, first: 0),
      AttentionCase(heads: 4, kvHeads: 4, headDim: 80, tokens: 19, first: 61),
      AttentionCase(heads: 2, kvHeads: 1, headDim: 36, tokens: 150, first: 3, window: 20),
      AttentionCase(heads: 3, kvHeads: 1, headDim: 17, tokens: 5, first: 127),
      AttentionCase(heads: 40, kvHeads: 1, headDim: 256, tokens: 7, first: 30),
      AttentionCase(heads: 5, kvHeads: 1, headDim: 2048, tokens: 4, first: 64),
    ])
  func attention(_ test: AttentionCase) {
    let length = test.first + test.tokens
    let capacity = (length + 15) / 16 * 16
    let queries = numbers(test.tokens * test.heads * test.headDim, scale: 2)
    let keys = numbers(test.kvHeads * length * test.headDim).map { Float(Float16($0)) }
    let values = numbers(test.kvHeads * length * test.headDim, scale: 3).map { Float(Float16($0)) }
    func at(_ head: Int, _ position: Int) -> Int { (head * length + position) * test.headDim }
    let scale = 1 / Float(test.headDim).squareRoot()

    let stride = capacity * test.headDim
    // What lies behind the last position must not matter.
    var cachedKeys = [Float](repeating: .nan, count: stride * test.kvHeads)
    var cachedValues = cachedKeys
    for head in 0..<test.kvHeads {
      for position in 0..<length {
        for d in 0..<test.headDim {
          let group = head * stride + position / 16 * 16 * test.headDim
          cachedKeys[group + d * 16 + position % 16] = keys[at(head, position) + d]
          cachedValues[head * stride + position * test.headDim + d] =
            values[at(head, position) + d]
        }
      }
    }
    let expected = definition(test, queries, scale: scale) { head, position, d in
      (keys[at(head, position) + d], values[at(head, position) + d])
    }
    for level in KernelLevel.available {
      let products = Kernels(level)!.products
      let single = attend(test, products, queries, cachedKeys, cachedValues, QUERN_CACHE_F32)
      let half = attend(
        test, products, queries, cachedKeys.map { Float16($0).bitPattern },
        cachedValues.map { Float16($0).bitPattern }, QUERN_CACHE_F16)
      for index in expected.indices {
        #expect(abs(Double(single[index]) - expected[index]) < 1e-5, "\(level.rawValue), \(index)")
        #expect(abs(Double(half[index]) - expected[index]) < 1e-5, "\(level.rawValue), \(index)")
      }
    }
  }

  private func attend<Element>(
    _ test: AttentionCase, _ products: UnsafePointer<quern_product_table>, _ queries: [Float],
    _ keys: [Element], _ values: [Element], _ cache: quern_cache
  ) -> [Float] {
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Int(products.pointee.scratch_bytes), alignment: 64)
    defer { scratch.deallocate() }
    let rowStride = test.heads * test.headDim
    var output = [Float](repeating: 0, count: queries.count)
    keys.withUnsafeBytes { keys in
      values.withUnsafeBytes { values in
        queries.withUnsafeBufferPointer { queries in
          output.withUnsafeMutableBufferPointer { output in
            var job = quern_attention(
              queries: queries.baseAddress, query_stride: rowStride, output: output.baseAddress,
              output_stride: rowStride, cache: cache, keys: keys.baseAddress,
              values: values.baseAddress,
              head_stride: keys.count / test.kvHeads / MemoryLayout<Element>.size,
              head_dim: test.headDim, heads: test.heads, kv_heads: test.kvHeads,
              tokens: test.tokens, first_position: test.first, window: test.window,
              scale: 1 / Float(test.headDim).squareRoot(), tokens_per_item: 16)
            products.pointee.attention(
              &job, 0, test.kvHeads * ((test.tokens + 15) / 16), scratch)
          }
        }
      }
    }
    return output
  }

  private func definition(
    _ test: AttentionCase, _ queries: [Float], scale: Float,
    _ cached: (_ head: Int, _ position: Int, _ d: Int) -> (key: Float, value: Float)
  ) -> [Double] {
    var output = [Double](repeating: 0, count: queries.count)
    for token in 0..<test.tokens {
      for head in 0..<test.heads {
        let query = (token * test.heads + head) * test.headDim
        let end = test.first + token + 1
        let start = test.window > 0 ? max(0, end - test.window) : 0
        let kvHead = head / (test.heads / test.kvHeads)
        let scores = (start..<end).map { position in
          (0..<test.headDim).reduce(0.0) {
            $0 + Double(queries[query + $1]) * Double(cached(kvHead, position, $1).key)
          } * Double(scale)
        }
        let weights = scores.map { exp($0 - scores.max()!) }
        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
          for d in 0..<test.headDim {
            output[query + d] += weight / total * Double(cached(kvHead, start + index, d).value)
          }
        }
      }
    }
    return output
  }
}
