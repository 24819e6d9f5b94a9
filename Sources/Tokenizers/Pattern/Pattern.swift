/// A compiled regular expression over UTF-8 text.
///
/// Matching backtracks, and its work is bounded: see ``PatternMatcher``.
///
/// The tables are in memory that this object owns and nothing changes after `init`, so that the
/// matcher's inner loop reads them without reference counts.
package final class Pattern: Sendable {
  /// A class of scalars: bits for ASCII, pages for the rest.
  struct CompiledSet {
    var asciiLow: UInt64 = 0
    var asciiHigh: UInt64 = 0
    /// The pattern owns them.
    let pages: Unmanaged<ScalarPages>

    init(_ set: ScalarSet, _ pages: ScalarPages) {
      for scalar in 0..<UInt32(64) where set.contains(scalar) { asciiLow |= 1 << scalar }
      for scalar in 0..<UInt32(64) where set.contains(64 + scalar) { asciiHigh |= 1 << scalar }
      self.pages = Unmanaged.passUnretained(pages)
    }
  }

  let source: String
  private let pages: [ScalarPages]
  nonisolated(unsafe) let instructions: UnsafeMutableBufferPointer<PatternInstruction>
  nonisolated(unsafe) let sets: UnsafeMutableBufferPointer<CompiledSet>
  nonisolated(unsafe) let starts: UnsafeMutableBufferPointer<Int32>
  /// For every first byte, a bit for each alternative that can start with it.
  nonisolated(unsafe) let candidates: UnsafeMutableBufferPointer<UInt64>
  /// For the end of the text.
  let candidatesAtEnd: UInt64
  /// Places that loops remember.
  let registerCount: Int

  convenience init(_ source: String) throws(PatternError) {
    try self.init(source, PatternParser.parse(source))
  }

  /// A pattern that matches one scalar of a set.
  convenience init(oneOf set: ScalarSet) throws(PatternError) { try self.init("", .one(set)) }

  /// A pattern that matches the longest run of scalars of the first set, else of the next.
  convenience init(runsOf sets: [ScalarSet]) throws(PatternError) {
    try self.init(
      "", .alternatives(sets.map { .repeated(.one($0), minimum: 1, maximum: nil, .greedy) }))
  }

  private init(_ source: String, _ syntax: PatternSyntax) throws(PatternError) {
    let compiler = try PatternCompiler(syntax)
    self.source = source
    var candidates = [UInt64](repeating: 0, count: 256)
    var candidatesAtEnd: UInt64 = 0
    for (index, first) in compiler.firsts.enumerated() {
      let bit: UInt64 = 1 << UInt64(index)
      for byte in 0..<128 where first?.contains(where: { $0.contains(UInt32(byte)) }) ?? true {
        candidates[byte] |= bit
      }
      if first?.allSatisfy(\.isASCII) != true {
        for byte in 128..<256 { candidates[byte] |= bit }
      }
      if first == nil { candidatesAtEnd |= bit }
    }
    self.candidatesAtEnd = candidatesAtEnd
    self.instructions = Self.copy(compiler.instructions)
    pages = compiler.sets.map { set in ScalarPages.bits { set.contains($0) } }
    sets = Self.copy(zip(compiler.sets, pages).map { CompiledSet($0, $1) })
    self.starts = Self.copy(compiler.starts)
    self.candidates = Self.copy(candidates)
    registerCount = compiler.registerCount
  }

  deinit {
    instructions.deallocate()
    sets.deallocate()
    starts.deallocate()
    candidates.deallocate()
  }

  private static func copy<Element>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(elements.count, 1))
    _ = buffer.initialize(from: elements)
    return buffer
  }
}
