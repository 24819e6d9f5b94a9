import BlockQuant
import CKernels
import Kernels
import TensorCore
import Testing

@Suite struct AttentionTests {
  struct Format: CustomStringConvertible, Sendable {
    let cache: quern_cache
    let type: TensorType
    /// How far attention over such a cache may lie from that over unrounded keys and values, by the
    /// root of the mean square.
    ///
    /// Plain types: half a unit in the last place of values up to 3, and half as much from the keys.
    /// The others: values have an r.m.s. of 2.1, keys of 0.7; a block's largest element is some 2.5 times
    /// that, a step of Q8_0 1/127 and of Q4_0 1/8 of it, and rounding errs by 1/3.5 of a step. A key's
    /// error moves a score by 1.4 times and a weight by as much, relatively. Twice the sum.
    let rounding: Double
    var description: String { "\(type)" }

    /// What a row of the cache means.
    func decoded(_ row: [UInt8], headDim: Int) -> [Float] {
      var values = [Float](
        repeating: 0, count: row.count / type.bytesPerBlock * type.elementsPerBlock)
      row.withUnsafeBytes { row in
        values.withUnsafeMutableBufferPointer { BlockCodec(type)!.decode(row, into: $0) }
      }
      let plain = Array(values.prefix(headDim))
      return type.isQuantized ? plain.turned : plain
    }
  }

  static let formats = [
    Format(cache: QUERN_CACHE_F32, type: .f32, rounding: 1e-5),
    Format(cache: QUERN_CACHE_F16, type: .f16, rounding: 1.5e-3),
    Format(cache: QUERN_CACHE_BF16, type: .bf16, rounding: 1.2e-2),
    Format(cache: QUERN_CACHE_Q8_0, type: .q8_0, rounding: 3.4e-2),
    Format(cache: QUERN_CACHE_Q4_0, type: .q4_0, rounding: 6.6e-1),
  ]

  /// Heads of every remainder, groups of one to eight and more, windows, tokens.
  static let problems =
    [1, 2, 17].flatMap { tokens in
      [
        AttentionProblem(heads: 1, kvHeads: 1, headDim: 2, tokens: tokens, first: 0),
        AttentionProblem(heads: 9, kvHeads: 3, headDim: 64, tokens: tokens, first: 200),
        AttentionProblem(heads: 3, kvHeads: 1, headDim: 17, tokens: tokens, first: 127),
        AttentionProblem(heads: 4, kvHeads: 4, headDim: 80, tokens: tokens, first: 61),
        AttentionProblem(heads: 2, kvHeads: 1, headDim: 36, tokens: tokens, first: 63, window: 20),
        AttentionProblem(heads: 5, kvHeads: 1, headDim: 33, tokens: tokens, first: 150, window: 1),
        AttentionProblem(heads: 12, kvHeads: 2, headDim: 48, tokens: tokens, first: 9),
        AttentionProblem(heads: 7, kvHeads: 1, headDim: 96, tokens: tokens, first: 70, window: 64),
      ]
    } + [
      AttentionProblem(heads: 14, kvHeads: 2, headDim: 64, tokens: 37, first: 0),
      AttentionProblem(heads: 3, kvHeads: 1, headDim: 17, tokens: 5, first: 99, softcap: 0.7),
      AttentionProblem(
        heads: 8, kvHeads: 4, headDim: 256, tokens: 3, first: 130, window: 70, softcap: 50),
      AttentionProblem(heads: 6, kvHeads: 3, headDim: 64, tokens: 1, first: 530, offset: 1),
      AttentionProblem(
        heads: 6, kvHeads: 3, headDim: 64, tokens: 3, first: 300, softcap: 0.7, offset: 1),
      AttentionProblem(
        heads: 4, kvHeads: 2, headDim: 45, tokens: 21, first: 250, window: 50, offset: 1),
      AttentionProblem(heads: 2, kvHeads: 1, headDim: 36, tokens: 150, first: 3, window: 20),
      AttentionProblem(heads: 8, kvHeads: 1, headDim: 64, tokens: 1, first: 200, hasSinks: true),
      AttentionProblem(
        heads: 6, kvHeads: 2, headDim: 45, tokens: 19, first: 120, window: 9, hasSinks: true),
      AttentionProblem(
        heads: 4, kvHeads: 4, headDim: 64, tokens: 17, first: 0, hasSinks: true, offset: 1),
      AttentionProblem(heads: 40, kvHeads: 1, headDim: 256, tokens: 7, first: 30),
      AttentionProblem(heads: 5, kvHeads: 1, headDim: 2048, tokens: 4, first: 64),
      AttentionProblem(heads: 8, kvHeads: 1, headDim: 2047, tokens: 1, first: 16),
    ]

  @Test(
    "Attention over every cache follows its definition at every level", arguments: formats, problems
  )
  func definition(format: Format, problem: AttentionProblem) {
    let exact = problem.definition()
    for level in KernelLevel.available {
      let kernels = Kernels(level)!
      let cache = problem.cache(format.cache, kernels)
      let expected = problem.definition(
        keys: problem.addingOffsets(
          cache.keyRows.map { format.decoded($0, headDim: problem.headDim) }),
        values: cache.valueRows.map { format.decoded($0, headDim: problem.headDim) })
      let output = problem.attend(cache, kernels)
      // Comparisons with NaN are false, so the worst is sought by what is not within bounds.
      let wrong = output.indices.filter { !(abs(Double(output[$0]) - expected[$0]) < 1e-5) }
      #expect(wrong.isEmpty, "\(level.rawValue): \(wrong.count), the first at \(wrong[0])")
      let squares = zip(output, exact).map { (Double($0) - $1) * (Double($0) - $1) }
      let far = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
      #expect(far < format.rounding, "\(level.rawValue): off by \(far)")
    }
  }

  @Test("What keys have in common costs no precision of what they have not", arguments: formats)
  func offsets(format: Format) {
    let problem = AttentionProblem(
      heads: 2, kvHeads: 2, headDim: 64, tokens: 1, first: 300, offset: 300)
    let plain = AttentionProblem(heads: 2, kvHeads: 2, headDim: 64, tokens: 1, first: 300)
    func error(_ problem: AttentionProblem) -> Double {
      let rows = problem.cache(format.cache, .active).keyRows
      let stored = problem.addingOffsets(rows.map { format.decoded($0, headDim: problem.headDim) })
      return zip(stored.joined(), problem.keys).reduce(0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }.squareRoot()
    }
    // Sums of numbers up to 300 and up to 1 are rounded to 2^-16, twice, in each of 38,528 elements.
    #expect(error(problem) < error(plain) * 1.01 + 6e-3)
  }

  @Test("How items are dealt out changes no bit", arguments: formats)
  func splits(format: Format) {
    let problem = AttentionProblem(heads: 6, kvHeads: 3, headDim: 40, tokens: 50, first: 77)
    for level in KernelLevel.available {
      let kernels = Kernels(level)!
      let cache = problem.cache(format.cache, kernels)
      let whole = problem.attend(cache, kernels)
      let split = problem.attend(cache, kernels, splitAt: [1, 2, 5, 9])
      #expect(whole.map(\.bitPattern) == split.map(\.bitPattern), "\(level.rawValue)")
    }
  }

  @Test("Every level stores the same bytes", arguments: formats)
  func storing(format: Format) {
    let problem = AttentionProblem(heads: 2, kvHeads: 2, headDim: 75, tokens: 1, first: 36)
    let caches = KernelLevel.available.map { problem.cache(format.cache, Kernels($0)!) }
    for cache in caches {
      #expect(cache.keys == caches[0].keys)
      #expect(cache.values == caches[0].values)
    }
    #expect(
      Int(quern_cache_row_bytes(format.cache, 96))
        == 96 / format.type.elementsPerBlock * format.type.bytesPerBlock)
  }
}

extension [Float] {
  /// Stretches of the largest power of two that divides the count, each turned by the Hadamard matrix
  /// over its root.
  fileprivate var turned: [Float] {
    let n = count & -count
    return stride(from: 0, to: count, by: n).flatMap { start in
      Self.hadamard(self[start..<start + n].map(Double.init)).map {
        Float($0 / Double(n).squareRoot())
      }
    }
  }

  /// The definition by halves: the sums of both halves' transforms, then the differences.
  private static func hadamard(_ x: [Double]) -> [Double] {
    guard x.count > 1 else { return x }
    let first = hadamard([Double](x.prefix(x.count / 2)))
    let second = hadamard([Double](x.suffix(x.count / 2)))
    return zip(first, second).map { $0 + $1 } + zip(first, second).map { $0 - $1 }
  }
}
