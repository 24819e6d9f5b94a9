/// A set of Unicode scalars as sorted, disjoint ranges. Surrogates are never members.
struct ScalarRanges: Hashable, Sendable {
  private(set) var ranges: [ClosedRange<UInt32>]

  /// Every scalar.
  static let all = ScalarRanges([0...0xD7FF, 0xE000...0x10FFFF])

  /// - Parameter ranges: In any order; they may overlap.
  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] =
          last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

  /// The scalars that are not members.
  var complement: ScalarRanges {
    var rest: [ClosedRange<UInt32>] = []
    for whole in Self.all.ranges {
      var start = whole.lowerBound
      for range in ranges where range.overlaps(whole) {
        if range.lowerBound > start { rest.append(start...range.lowerBound - 1) }
        start = max(start, range.upperBound &+ 1)
      }
      if start <= whole.upperBound { rest.append(start...whole.upperBound) }
    }
    return ScalarRanges(rest)
  }

  /// Whether a scalar of `low...high` is a member.
  ///
  /// - Complexity: O(log ranges).
  func intersects(_ low: UInt32, _ high: UInt32) -> Bool {
    // The first range that does not end before `low`.
    var first = 0
    var end = ranges.count
    while first < end {
      let middle = (first + end) / 2
      if ranges[middle].upperBound < low { first = middle + 1 } else { end = middle }
    }
    return first < ranges.count && ranges[first].lowerBound <= high
  }
}
