public import GGUF
import MappedFiles
import Synchronization
public import SystemPackage
public import Workers

extension GGUFSet {
  /// Reads the file at `path`, and the others of its set, into memory instead of mapping them: for filesystems
  /// where mapping is slow.
  ///
  /// - Parameters:
  ///   - pool: Its workers read side by side.
  ///   - progress: Called on this thread with the bytes of the present file that are read, and all of them.
  /// - Throws: ``ModelError/weightsDoNotFit(byteCount:available:)`` before anything is read, or what
  ///   opening throws.
  public convenience init(
    reading path: FilePath, on pool: WorkerPool = WorkerPool(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    try self.init(path) { path in
      var total = 0
      return try MappedFile(reading: path) { byteCount in
        total = byteCount
        let available = MachineMemory().availableByteCount
        guard byteCount <= available else {
          throw ModelError.weightsDoNotFit(byteCount: byteCount, available: available)
        }
      } forEach: { count, body in
        let done = Atomic(0)
        pool.forEachChunk(of: count, chunk: 1) { (range: Range<Int>, worker: Int) -> Void in
          range.forEach(body)
          let now = done.add(range.count, ordering: .relaxed).newValue
          if worker == 0 { progress(total / count * now, total) }
        }
      }
    }
  }
}
