internal import CXXHash

/// The XXH3-128 digest of some bytes: tells damage from intact data, not friend from foe.
///
/// - Source: xxHash's specification; the canonical form has the high half first, big-endian.
public struct Digest128: Sendable, Hashable {
  public let high: UInt64
  public let low: UInt64

  public init(of bytes: UnsafeRawBufferPointer) {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    high = hash.high64
    low = hash.low64
  }

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

extension Digest128: CustomStringConvertible {
  /// 32 hexadecimal digits, as `xxhsum -H2` prints them.
  public var description: String {
    [high, low].map { half in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
