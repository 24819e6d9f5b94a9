#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A token that may come next.
package struct Candidate: Sendable {
  package var id: Int32
  package var logit: Float
  /// As ``Candidates/normalize()`` found it.
  package var probability: Float = 0

  package init(id: Int32, logit: Float) {
    self.id = id
    self.logit = logit
  }
}

/// The tokens that may come next; cuts only ever drop some.
///
/// Arithmetic and its order are llama.cpp's, so that both keep the same tokens: probabilities are
/// single precision and summed in the order of the candidates. Its memory is kept from token to token.
///
/// - Source: llama.cpp `src/llama-sampler.cpp`, of llama-cpp-python 0.3.36.
package struct Candidates: Sendable {
  package private(set) var items: [Candidate] = []
  /// Whether the items are likeliest first, equal ones by id.
  private var isSorted = false
  private var sorter = RadixSorter()
  /// For ``keepTypical(_:)``: distance from the expected surprise.
  private var distances: [Float] = []

  package init() {}

  var count: Int { items.count }

  /// Takes every token, in order of their ids.
  ///
  /// A logit that is not a number counts as minus infinity, an infinite one as the largest number.
  mutating func fill(_ logits: UnsafeMutableBufferPointer<Float>) {
    items.removeAll(keepingCapacity: true)
    reserve(logits.count)
    for (id, logit) in logits.enumerated() {
      items.append(Candidate(id: Int32(truncatingIfNeeded: id), logit: Self.defined(logit)))
    }
    isSorted = false
  }

  /// Takes the `limit` likeliest tokens, likeliest first.
  ///
  /// - Complexity: O(logits), and a sort of not many more than `limit`.
  mutating func fill(_ logits: UnsafeMutableBufferPointer<Float>, likeliest limit: Int) {
    items.removeAll(keepingCapacity: true)
    reserve(logits.count)
    let bound = sorter.lastKey(
      of: limit, logits.lazy.map { RadixSorter.descending(Self.defined($0)) })
    for (id, logit) in logits.enumerated() {
      let logit = Self.defined(logit)
      guard RadixSorter.descending(logit) <= bound else { continue }
      items.append(Candidate(id: Int32(truncatingIfNeeded: id), logit: logit))
    }
    isSorted = false
    sort()
    drop(after: limit)
  }

  /// How many are kept differs from token to token: memory is claimed for as many as there can be.
  private mutating func reserve(_ count: Int) {
    items.reserveCapacity(count)
    sorter.reserve(count)
  }

  /// Adding 0 makes -0 equal to 0 in its bits too.
  private static func defined(_ logit: Float) -> Float {
    logit.isNaN ? -.infinity : min(logit, .greatestFiniteMagnitude) + 0
  }

  /// Likelier first, equal ones by id, so that results do not depend on the way of sorting.
  mutating func sort() {
    guard !isSorted else { return }
    sorter.sort(&items) { item, _ in RadixSorter.descending(item.logit) }
    isSorted = true
  }

  /// Computes the probabilities. Where every logit is minus infinity, all are equally likely.
  mutating func normalize() {
    let highest = highestLogit
    guard highest > -.infinity else {
      for index in items.indices { items[index].probability = 1 / Float(items.count) }
      return
    }
    var sum: Float = 0
    for index in items.indices {
      let weight = exp(items[index].logit - highest)
      items[index].probability = weight
      sum += weight
    }
    for index in items.indices { items[index].probability /= sum }
  }

  private var highestLogit: Float {
    isSorted ? items[0].logit : items.reduce(-.infinity) { max($0, $1.logit) }
  }

  private mutating func drop(after count: Int) {
    items.removeLast(items.count - min(count, items.count))
  }

  // MARK: Cuts

  /// - Source: Meister et al., "Locally typical sampling", 2023.
  mutating func keepTypical(_ share: Float) {
    sort()
    normalize()
    var entropy: Float = 0
    for item in items where item.probability > 0 {
      entropy += -item.probability * log(item.probability)
    }
    distances.removeAll(keepingCapacity: true)
    distances.reserveCapacity(items.capacity)
    for item in items { distances.append(abs(-log(item.probability) - entropy)) }
    sorter.sort(&items) { _, index in distances[index].bitPattern }
    isSorted = false
    var sum: Float = 0
    if let last = items.firstIndex(where: {
      sum += $0.probability
      return sum > share
    }) {
      drop(after: last + 1)
    }
  }

  mutating func keepTop(_ share: Float) {
    normalize()
    sort()
    var sum: Float = 0
    if let last = items.firstIndex(where: {
      sum += $0.probability
      return sum >= share
    }) {
      drop(after: last + 1)
    }
  }

  /// Keeps what is at least `share` times as likely as the likeliest.
  mutating func keep(relative share: Float) {
    let floor = highestLogit + log(share)
    var kept = 0
    for index in items.indices where items[index].logit >= floor {
      items[kept] = items[index]
      kept += 1
    }
    drop(after: kept)
  }

  /// Drops what surprises by more than `bound` bits; the likeliest always stays.
  mutating func keep(surpriseUpTo bound: Float) {
    sort()
    normalize()
    if let first = items.firstIndex(where: { -log2($0.probability) > bound }) {
      drop(after: max(1, first))
    }
    normalize()
  }

  // MARK: The end

  /// 0 keeps the likeliest, the first of equals.
  mutating func apply(temperature: Float) {
    guard temperature > 0 else {
      sort()
      return drop(after: 1)
    }
    for index in items.indices { items[index].logit /= temperature }
  }

  /// The candidate at a place from 0 to 1 on the line on which each is as long as it is likely.
  mutating func draw(_ place: Double) -> Candidate {
    sort()
    normalize()
    var left = place * items.reduce(0) { $0 + Double($1.probability) }
    for item in items {
      left -= Double(item.probability)
      if left < 0 { return item }
    }
    // Rounding left a rest; it belongs to the last that is possible.
    return items.last { $0.probability > 0 } ?? items[0]
  }
}
