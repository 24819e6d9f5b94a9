internal import GGUF
import Synchronization
internal import Workers

/// Reads files ahead on a thread of its own, until all is there or this object goes.
final class Prefetch: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let stop = Flag()
  private let thread: OwnedThread?

  /// - Parameter files: Read in this order.
  init(_ files: GGUFSet) {
    let stop = stop
    thread = OwnedThread {
      for file in files.files {
        file.file.prefetch { stop.isSet.load(ordering: .relaxed) }
      }
    }
  }

  deinit {
    stop.isSet.store(true, ordering: .relaxed)
    thread?.join()
  }
}
