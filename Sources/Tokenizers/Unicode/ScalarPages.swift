import Synchronization

/// Facts about scalars in pages of 256, each made when first asked for and never changed.
///
/// Texts stay within few pages, so what is slow to find out is found out for few scalars.
final class ScalarPages: Sendable {
  static let pageCount: UInt32 = 0x100
  private static let count = Int(0x110000 / pageCount)

  /// Addresses of the pages. An atomic is there to be shared; only pointers do not say so of themselves.
  nonisolated(unsafe) private let pages: UnsafeMutablePointer<Atomic<UInt>>
  private let make: @Sendable (UInt32) -> UnsafeMutableRawPointer

  /// - Parameter make: Allocates the page whose first scalar it is given; surrogates are asked for as well.
  init(_ make: @escaping @Sendable (UInt32) -> UnsafeMutableRawPointer) {
    self.make = make
    pages = .allocate(capacity: Self.count)
    for index in 0..<Self.count { (pages + index).initialize(to: Atomic(0)) }
  }

  deinit {
    for index in 0..<Self.count {
      UnsafeMutableRawPointer(bitPattern: pages[index].load(ordering: .relaxed))?.deallocate()
    }
    pages.deinitialize(count: Self.count)
    pages.deallocate()
  }

  /// The page of a scalar, which must be below 0x110000.
  @inline(__always)
  subscript(scalar: UInt32) -> UnsafeRawPointer {
    let address = pages[Int(scalar >> 8)].load(ordering: .acquiring)
    return UnsafeRawPointer(bitPattern: address) ?? add(scalar)
  }

  private func add(_ scalar: UInt32) -> UnsafeRawPointer {
    let page = make(scalar & ~0xFF)
    let (isFirst, other) = pages[Int(scalar >> 8)].compareExchange(
      expected: 0, desired: UInt(bitPattern: page), ordering: .acquiringAndReleasing)
    guard !isFirst, let known = UnsafeRawPointer(bitPattern: other) else {
      return UnsafeRawPointer(page)
    }
    page.deallocate()
    return known
  }

  /// Pages of one byte for each scalar.
  static func bytes(_ value: @escaping @Sendable (UInt32) -> UInt8) -> ScalarPages {
    ScalarPages { first in
      let page = UnsafeMutableRawPointer.allocate(byteCount: Int(pageCount), alignment: 8)
      for index in 0..<pageCount {
        page.storeBytes(of: value(first + index), toByteOffset: Int(index), as: UInt8.self)
      }
      return page
    }
  }

  /// Pages of one bit for each scalar.
  static func bits(_ isMember: @escaping @Sendable (UInt32) -> Bool) -> ScalarPages {
    ScalarPages { first in
      let page = UnsafeMutableRawPointer.allocate(byteCount: Int(pageCount) / 8, alignment: 8)
      for word in 0..<pageCount / 64 {
        var bits: UInt64 = 0
        for bit in 0..<UInt32(64) where isMember(first + word * 64 + bit) { bits |= 1 << bit }
        page.storeBytes(of: bits, toByteOffset: Int(word) * 8, as: UInt64.self)
      }
      return page
    }
  }

  /// The bit of a scalar in pages of ``bits(_:)``.
  @inline(__always)
  func bit(_ scalar: UInt32) -> Bool {
    let word = self[scalar].load(fromByteOffset: Int(scalar >> 6 & 3) * 8, as: UInt64.self)
    return (word >> UInt64(scalar & 63)) & 1 != 0
  }
}
