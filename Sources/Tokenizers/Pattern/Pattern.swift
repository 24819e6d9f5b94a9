/// A compiled regular expression over UTF-8 text.
///
/// Matching backtracks, and its work is bounded: see ``PatternMatcher``.
///
/// The tables are in memory that this object owns and nothing changes after `init`, so that the
/// matcher's inner loop reads them without reference counts.
package final class Pattern: Sendable {
  /// A class of scalars: bits for ASCII, a mask of categories and ranges for the rest.
  struct CompiledSet {
    var asciiLow: UInt64 = 0
    var asciiHigh: UInt64 = 0
    var categories: UInt32
    var firstRange: Int32
    var rangeCount: Int32
    var isNegated: Bool
  }

  let source: String
  nonisolated(unsafe) let instructions: UnsafeMutableBufferPointer<PatternInstruction>
  nonisolated(unsafe) let sets: UnsafeMutableBufferPointer<CompiledSet>
  nonisolated(unsafe) let ranges: UnsafeMutableBufferPointer<ClosedRange<UInt32>>
  nonisolated(unsafe) let starts: UnsafeMutableBufferPointer<Int32>
  /// For every first byte, a bit for each alternative that can start with it.
  nonisolated(unsafe) let candidates: UnsafeMutableBufferPointer<UInt64>
  /// For the end of the text.
  let candidatesAtEnd: UInt64

  init(_ source: String) throws(PatternError) {
    let compiler = try PatternCompiler(PatternParser.parse(source))
    self.source = source
    var ranges: [ClosedRange<UInt32>] = []
    var sets: [CompiledSet] = []
    for set in compiler.sets {
      var compiled = CompiledSet(
        categories: set.categories, firstRange: Int32(ranges.count),
        rangeCount: Int32(set.ranges.count), isNegated: set.isNegated)
      for scalar in 0..<UInt32(64) where set.contains(scalar) { compiled.asciiLow |= 1 << scalar }
      for scalar in 0..<UInt32(64) where set.contains(64 + scalar) {
        compiled.asciiHigh |= 1 << scalar
      }
      let distant = set.ranges.filter { $0.upperBound >= 0x80 }
      compiled.rangeCount = Int32(distant.count)
      if distant.isEmpty, set.isNegated {
        compiled.categories = ~set.categories & ScalarCategories.all
        compiled.isNegated = false
      }
      ranges += distant
      sets.append(compiled)
    }
    var candidates = [UInt64](repeating: 0, count: 256)
    var candidatesAtEnd: UInt64 = 0
    for (index, first) in compiler.firsts.enumerated() {
      let bit: UInt64 = 1 << UInt64(index)
      for byte in 0..<128 where first?.contains(where: { $0.contains(UInt32(byte)) }) ?? true {
        candidates[byte] |= bit
      }
      let isASCIIOnly =
        first?.allSatisfy {
          !$0.isNegated && $0.categories == 0 && $0.ranges.allSatisfy { $0.upperBound < 0x80 }
        } ?? false
      if !isASCIIOnly { for byte in 128..<256 { candidates[byte] |= bit } }
      if first == nil { candidatesAtEnd |= bit }
    }
    self.candidatesAtEnd = candidatesAtEnd
    self.instructions = Self.copy(compiler.instructions)
    self.sets = Self.copy(sets)
    self.ranges = Self.copy(ranges)
    self.starts = Self.copy(compiler.starts)
    self.candidates = Self.copy(candidates)
  }

  deinit {
    instructions.deallocate()
    sets.deallocate()
    ranges.deallocate()
    starts.deallocate()
    candidates.deallocate()
  }

  private static func copy<Element>(_ elements: [Element])
    -> UnsafeMutableBufferPointer<Element>
  {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(elements.count, 1))
    _ = buffer.initialize(from: elements)
    return buffer
  }
}
