import Synchronization

/// Where a file is mapped, in a form that a signal handler may read: atomics only, in memory that is
/// never given back.
///
/// The mappings of a process form a list that grows at its head. A place whose file is gone is taken by
/// the next one, so the list is as long as the most files that were ever mapped at a time, and never full.
struct LiveMapping: ~Copyable {
  typealias Place = UnsafeMutablePointer<LiveMapping>

  /// Address of the first byte; 0 while the place is free.
  private let start = Atomic<UInt>(0)
  /// Address behind the last byte.
  private let end = Atomic<UInt>(0)
  private let isTaken = Atomic(true)
  private let damaged = Atomic(false)
  /// Set before the place is in the list, and not again.
  private var next: Place?

  // An atomic is there to be shared; only pointers do not say of themselves that they may be.
  private nonisolated(unsafe) static let head = Atomic<Place?>(nil)

  /// Whether a page could not be read, so that zeros stand in its place.
  var isDamaged: Bool { damaged.load(ordering: .sequentiallyConsistent) }

  /// Announces a mapping, before its first byte is read.
  static func insert(_ bytes: UnsafeRawBufferPointer) -> Place {
    let start = UInt(bitPattern: bytes.baseAddress)
    let place = takeFree() ?? prepend()
    place.pointee.damaged.store(false, ordering: .sequentiallyConsistent)
    place.pointee.end.store(start + UInt(bytes.count), ordering: .sequentiallyConsistent)
    // Last: from here on the handler believes the rest.
    place.pointee.start.store(start, ordering: .sequentiallyConsistent)
    return place
  }

  /// Takes a mapping back, after its last byte was read and before it is unmapped.
  static func remove(_ place: Place) {
    place.pointee.start.store(0, ordering: .sequentiallyConsistent)
    place.pointee.isTaken.store(false, ordering: .sequentiallyConsistent)
  }

  /// Marks the mapping that holds `address` as damaged. Safe in a signal handler.
  ///
  /// - Returns: The address behind its last byte, or `nil` when no mapping holds this one.
  static func markDamaged(holding address: UInt) -> UInt? {
    var place = head.load(ordering: .sequentiallyConsistent)
    while let mapping = place {
      let start = mapping.pointee.start.load(ordering: .sequentiallyConsistent)
      let end = mapping.pointee.end.load(ordering: .sequentiallyConsistent)
      // A place that changes hands meanwhile has no start, or another.
      if start != 0, start <= address, address < end,
        mapping.pointee.start.load(ordering: .sequentiallyConsistent) == start
      {
        mapping.pointee.damaged.store(true, ordering: .sequentiallyConsistent)
        return end
      }
      place = mapping.pointee.next
    }
    return nil
  }

  private static func takeFree() -> Place? {
    var place = head.load(ordering: .sequentiallyConsistent)
    while let mapping = place {
      let taken = mapping.pointee.isTaken.compareExchange(
        expected: false, desired: true, ordering: .sequentiallyConsistent)
      if taken.exchanged { return mapping }
      place = mapping.pointee.next
    }
    return nil
  }

  private static func prepend() -> Place {
    let place = Place.allocate(capacity: 1)
    place.initialize(to: LiveMapping())
    var first = head.load(ordering: .sequentiallyConsistent)
    while true {
      place.pointee.next = first
      let (exchanged, found) = head.compareExchange(
        expected: first, desired: place, ordering: .sequentiallyConsistent)
      if exchanged { return place }
      first = found
    }
  }
}
