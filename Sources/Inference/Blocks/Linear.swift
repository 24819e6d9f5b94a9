internal import CKernels
internal import Kernels

/// A matrix of weights and what is added to its product.
struct Linear: Sendable {
  let weight: WeightMatrix
  var bias: FloatVector?
}

/// The forms in which a row must be packed for the matrices that multiply it.
struct ActivationForms: OptionSet, Sendable {
  let rawValue: UInt8
  static let float = ActivationForms(rawValue: 1)
  static let int8 = ActivationForms(rawValue: 2)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Not variadic: a list of them would be allocated, in every layer for every token.
  init(_ first: Linear, _ second: Linear? = nil, _ third: Linear? = nil) {
    self = Self.form(for: first)
    if let second { insert(Self.form(for: second)) }
    if let third { insert(Self.form(for: third)) }
  }

  private static func form(for consumer: Linear) -> ActivationForms {
    consumer.weight.activation == QUERN_ACTIVATION_INT8 ? .int8 : .float
  }
}

extension Pass {
  /// One matrix and where its product goes: `tokenCount` rows of `outputStride` values.
  typealias Target = (linear: Linear, output: UnsafeMutablePointer<Float>, outputStride: Int)

  /// Multiplies the packed rows with one, two or three matrices in one parallel loop.
  func multiply(_ first: Target, _ second: Target? = nil, _ third: Target? = nil) {
    multiply(first, second, third, tokenCount: tokenCount)
  }

  /// - Parameter tokenCount: Rows that were packed.
  func multiply(
    _ first: Target, _ second: Target? = nil, _ third: Target? = nil, tokenCount: Int
  ) {
    var region = ProductRegion(first, second, third, tokenCount: tokenCount, pass: self)
    let units = region.unitCount
    let chunk = productChunk(of: units, tokenCount: tokenCount)
    withUnsafeMutablePointer(to: &region) { region in
      pool.runChunks(of: units, chunk: chunk, sharing: .inStretches, context: region) {
        context, lower, upper, worker in
        context.assumingMemoryBound(to: ProductRegion.self).pointee
          .run(lower..<upper, worker: worker)
      }
    }
  }

  /// Units of a chunk of products: one is a lot of work for many tokens, and little for one.
  func productChunk(of units: Int, tokenCount: Int) -> Int {
    tokenCount == 1 ? max(1, units / (pool.workerCount * 8)) : 1
  }
}

extension WeightMatrix {
  /// Rows that one worker multiplies at a time: a multiple of every level's panel.
  static let unitRows = 32

  /// Units that its rows make.
  var unitCount: Int { (rows + Self.unitRows - 1) / Self.unitRows }
}

/// Rows of up to three matrices, dealt out in units of a panel.
private struct ProductRegion {
  private struct Entry {
    var job: quern_product_job
    let function: quern_product_fn
    let rows: Int
    let units: Range<Int>

    /// Runs those of its units that lie in `range`.
    mutating func run(_ range: Range<Int>, scratch: UnsafeMutableRawPointer) {
      let mine = range.clamped(to: units)
      guard !mine.isEmpty else { return }
      let lower = (mine.lowerBound - units.lowerBound) * WeightMatrix.unitRows
      let upper = (mine.upperBound - units.lowerBound) * WeightMatrix.unitRows
      function(&job, lower, min(upper, rows), scratch)
    }
  }

  private let scratch: Workspace.Scratch
  private var entries: (Entry?, Entry?, Entry?) = (nil, nil, nil)
  private(set) var unitCount = 0

  init(
    _ first: Pass.Target, _ second: Pass.Target?, _ third: Pass.Target?, tokenCount: Int, pass: Pass
  ) {
    scratch = pass.workspace.scratch
    entries.0 = entry(first, tokenCount: tokenCount, pass: pass)
    entries.1 = second.map { entry($0, tokenCount: tokenCount, pass: pass) }
    entries.2 = third.map { entry($0, tokenCount: tokenCount, pass: pass) }
  }

  private mutating func entry(_ target: Pass.Target, tokenCount: Int, pass: Pass) -> Entry {
    let weight = target.linear.weight
    let lower = unitCount
    unitCount += weight.unitCount
    return Entry(
      job: weight.job(
        activations: pass.workspace.packed(weight.activation), tokenCount: tokenCount,
        bias: target.linear.bias?.values.baseAddress, output: target.output,
        outputStride: target.outputStride),
      function: weight.product(tokenCount: tokenCount, kernels: pass.kernels),
      rows: weight.rows, units: lower..<unitCount)
  }

  /// Runs the units of `range`, which may span matrices.
  func run(_ range: Range<Int>, worker: Int) {
    let scratch = scratch[worker]
    // The copies are what C gets the address of; several workers run this at once.
    var first = entries.0, second = entries.1, third = entries.2
    first?.run(range, scratch: scratch)
    second?.run(range, scratch: scratch)
    third?.run(range, scratch: scratch)
  }
}
