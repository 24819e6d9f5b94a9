/// A list of strings as it lies in a little-endian file, in one piece of memory: byte count (u64) and bytes, one after
/// another.
///
/// Vocabularies have hundreds of thousands of strings; whoever needs few of them, or only their bytes,
/// need not make one object of each. The strings may be no UTF-8.
package struct GGUFTextList: Sendable, Hashable {
  /// Bytes before each text that hold its count.
  package static let prefixByteCount = MemoryLayout<UInt64>.size

  /// Every count leads to the next one, and the last text ends with them: whoever makes a list proves it.
  package private(set) var bytes: [UInt8]
  package private(set) var count: Int

  package init() {
    bytes = []
    count = 0
  }

  /// - Parameter checked: `count` texts, each after its byte count.
  init(checked bytes: UnsafeRawBufferPointer, count: Int) {
    self.bytes = [UInt8](bytes)
    self.count = count
  }

  package init(_ texts: [String]) {
    self.init()
    for text in texts { append(text.utf8) }
  }

  package init(_ texts: [[UInt8]]) {
    self.init()
    for text in texts { append(text) }
  }

  package mutating func append(_ text: some Collection<UInt8>) {
    withUnsafeBytes(of: UInt64(text.count)) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text)
    count += 1
  }

  /// Calls `body` with all bytes and, text by text, the range of those of the text.
  package func forEach<Failure: Error>(
    _ body: (UnsafeRawBufferPointer, Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    // Typed errors do not pass `withUnsafeBytes`.
    let result = bytes.withUnsafeBytes { all -> Result<Void, Failure> in
      var place = 0
      do throws(Failure) {
        for _ in 0..<count {
          let start = place + Self.prefixByteCount
          place = start + Self.textByteCount(all, at: start)
          try body(all, start..<place)
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Bytes of the text that starts at `start` of a list's bytes.
  @inline(__always)
  package static func textByteCount(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int {
    Int(
      truncatingIfNeeded: bytes.loadUnaligned(
        fromByteOffset: start - prefixByteCount, as: UInt64.self))
  }

  /// A `String` of each, or the bytes of all when one is not UTF-8.
  var array: GGUFArray {
    var texts: [String] = []
    texts.reserveCapacity(count)
    forEach { bytes, range in
      if let text = String(validating: bytes[range], as: UTF8.self) { texts.append(text) }
    }
    if texts.count == count { return .string(texts) }
    var list: [[UInt8]] = []
    list.reserveCapacity(count)
    forEach { bytes, range in list.append(Array(bytes[range])) }
    return .malformedString(list)
  }
}
