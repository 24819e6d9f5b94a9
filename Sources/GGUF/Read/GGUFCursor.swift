import TensorCore

/// Reads values one after another; no length is believed before it is checked against the bytes that
/// remain.
struct GGUFCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0
  /// Which byte of each value comes first.
  var byteOrder = ByteOrder.little
  /// Where errors say they are, besides the offset.
  var key: String?
  var tensor: String?

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var remaining: Int { bytes.count - offset }

  func error(_ reason: GGUFError.Reason, at place: Int? = nil) -> GGUFError {
    GGUFError(reason, at: place ?? offset, key: key, tensor: tensor)
  }

  mutating func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ what: @autoclosure () -> String
  ) throws(GGUFError) -> Value {
    let size = MemoryLayout<Value>.size
    guard size <= remaining else {
      throw error(.truncated(what: what(), needed: UInt64(size), available: remaining))
    }
    defer { offset += size }
    return byteOrder.ordered(bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// A count of things that take at least `minimumByteCount` bytes each.
  mutating func count(_ what: String, minimumByteCount: Int) throws(GGUFError) -> Int {
    let place = offset
    let count: UInt64 = try load("the number of \(what)")
    guard count <= UInt64(remaining / minimumByteCount) else {
      throw error(.countTooLarge(what: what, count: count, available: remaining), at: place)
    }
    return Int(count)
  }

  /// `count` values that lie one after another; `count` has been checked by ``count(_:minimumByteCount:)``.
  mutating func list<Value: FixedWidthInteger & BitwiseCopyable>(_ count: Int) -> [Value] {
    let size = MemoryLayout<Value>.size
    let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count * size])
    offset += slice.count
    var list = [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: slice)
      initialized = count
    }
    if byteOrder == .big { for index in list.indices { list[index] = list[index].bigEndian } }
    return list
  }

  /// What was read since the cursor was at `start`.
  func read(from start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
  }

  mutating func stringBytes(_ what: @autoclosure () -> String) throws(GGUFError)
    -> UnsafeRawBufferPointer
  {
    let place = offset
    let count: UInt64 = try load(what())
    guard count <= UInt64(remaining) else {
      throw error(.truncated(what: what(), needed: count, available: remaining), at: place)
    }
    defer { offset += Int(count) }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
  }

  /// A string that must be UTF-8: a key or a tensor's name.
  mutating func name(_ what: String) throws(GGUFError) -> String {
    let place = offset
    let raw = try stringBytes(what)
    guard let name = String(validating: raw, as: UTF8.self) else {
      throw error(.notUTF8(what: what), at: place)
    }
    return name
  }
}
