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

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// The digest of bytes that come by piece by piece.
///
/// One thread at a time may use it.
public final class DigestStream: @unchecked Sendable {
  // Whoever holds a stream sees to it that nobody else does.
  private let state: OpaquePointer?

  public init() {
    state = XXH3_createState()
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  public func add(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// The digest of all bytes that were added.
  public var digest: Digest128 {
    let hash = XXH3_128bits_digest(state)
    return Digest128(high: hash.high64, low: hash.low64)
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

  /// Reads 32 lower-case digits and nothing else.
  public init?(digits: some Collection<UInt8>) {
    guard digits.count == 32 else { return nil }
    var halves: [UInt64] = [0, 0]
    for (place, digit) in digits.enumerated() {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      halves[place / 16] = halves[place / 16] << 4 | UInt64(value)
    }
    self.init(high: halves[0], low: halves[1])
  }
}
