import Foundation
import MappedFiles
import Synchronization

/// What the connections of a pull have to do: they open files, fetch pieces of those that are open, and finish
/// them.
final class PullQueue: Sendable {
  private let reference: HubReference
  private let commit: String
  private let cache: HubCache
  private let client: HubClient
  private let state: Mutex<State>
  /// Bytes that came over the network, and bytes that an earlier run left.
  private let received = Atomic(0)
  private let kept = Atomic(0)
  private let workerCount = Atomic(0)

  private struct State {
    /// Files that nobody opened yet, the next last.
    var waiting: [HubFile]
    /// Files that another program is writing.
    var busy: [HubFile] = []
    var open: [BlobDownload] = []
    /// Connections that open or fetch at this moment.
    var activeCount = 0
    /// Files that came and were not what the hub's digest says, once.
    var spoiled: Set<HubFile> = []
    var finishedCount = 0
    var failure: (any Error)?
    var note: String?
  }

  private enum Job {
    case open(HubFile)
    case fetch(BlobDownload, Range<Int>)
    case wait
  }

  init(
    _ files: [HubFile], of reference: HubReference, commit: String, cache: HubCache,
    client: HubClient
  ) {
    self.reference = reference
    self.commit = commit
    self.cache = cache
    self.client = client
    // The largest first, so that no connection is alone with one at the end.
    state = Mutex(State(waiting: files.sorted { $0.byteCount < $1.byteCount }))
  }

  /// What is done now, for who watches.
  var progress: PullProgress {
    let (finished, note) = state.withLock { ($0.finishedCount, $0.note) }
    return PullProgress(
      receivedByteCount: max(0, received.load(ordering: .relaxed)),
      keptByteCount: kept.load(ordering: .relaxed), finishedFileCount: finished, note: note)
  }

  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Ends the pull with an error; what is here stays for the next.
  func fail(_ error: any Error) {
    state.withLock { state in state.failure = state.failure ?? error }
  }

  /// Gives a connection its work, in the thread that `start` makes.
  func start<Started>(_ start: (_ work: @escaping @Sendable () -> Void) -> Started?) -> Started? {
    workerCount.add(1, ordering: .relaxed)
    let thread = start { [self] in
      work()
      workerCount.subtract(1, ordering: .releasing)
    }
    if thread == nil { workerCount.subtract(1, ordering: .relaxed) }
    return thread
  }

  /// Whether a connection is still at it.
  var isWorking: Bool { workerCount.load(ordering: .acquiring) > 0 }

  /// The work of one connection, until all is done or something failed.
  func work() {
    let transfer = PieceTransfer(client, reference, commit: commit)
    while let job = next() {
      do {
        switch job {
        case .wait: Thread.sleep(forTimeInterval: 0.05)
        case .open(let file): try open(file)
        case .fetch(let download, let piece): try fetch(piece, of: download, by: transfer)
        }
      } catch {
        fail(error)
      }
      if case .wait = job { continue }
      state.withLock { $0.activeCount -= 1 }
    }
  }

  private func next() -> Job? {
    state.withLock { state in
      guard state.failure == nil else { return nil }
      for download in state.open {
        guard let piece = download.claim() else { continue }
        state.activeCount += 1
        return .fetch(download, piece)
      }
      if let file = state.waiting.popLast() {
        state.activeCount += 1
        return .open(file)
      }
      if state.activeCount == 0, !state.busy.isEmpty {
        state.note = "another program fetches the rest"
        state.waiting = state.busy
        state.busy = []
        return .wait
      }
      return state.activeCount == 0 && state.open.isEmpty ? nil : .wait
    }
  }

  private func open(_ file: HubFile) throws {
    guard let lock = BlobLock.acquire(cache.lock(file.digest)) else { return setAside(file) }
    if FileSize.byteCount(cache.blob(file.digest)) == file.byteCount {
      try cache.place(file, at: commit, isNew: false)
      kept.add(file.byteCount, ordering: .relaxed)
      return finish(file)
    }
    let download: BlobDownload
    do {
      download = try BlobDownload(file, in: cache, lock)
    } catch let error as FileError where error.reason == .inUse {
      return setAside(file)
    }
    kept.add(download.keptByteCount, ordering: .relaxed)
    state.withLock { $0.open.append(download) }
    if download.isComplete { try close(download) }
  }

  private func setAside(_ file: HubFile) {
    state.withLock { $0.busy.append(file) }
    Thread.sleep(forTimeInterval: 0.1)
  }

  private func fetch(
    _ piece: Range<Int>, of download: BlobDownload, by transfer: PieceTransfer
  ) throws {
    try transfer.fetch(
      piece, of: download,
      received: { [self] byteCount in
        received.add(byteCount, ordering: .relaxed)
        // Another connection's failure is the end of all.
        if let failure { throw failure }
      },
      pause: { seconds, error in try pause(seconds, error) })
    if download.isComplete { try close(download) }
  }

  /// Waits, unless another connection failed meanwhile.
  private func pause(_ seconds: Double, _ why: TransferError) throws {
    let end = Date() + seconds
    state.withLock { $0.note = seconds >= 1 ? "\(why); again in \(Int(seconds.rounded())) s" : nil }
    while Date() < end {
      if let failure { throw failure }
      Thread.sleep(forTimeInterval: min(0.1, max(0.001, end.timeIntervalSinceNow)))
    }
    state.withLock { $0.note = nil }
  }

  /// Holds a file that is here against the hub's digest, and gives it its name.
  private func close(_ download: BlobDownload) throws {
    // Whoever takes it from the list finishes it.
    let isOurs = state.withLock { state in
      guard let place = state.open.firstIndex(where: { $0 === download }) else { return false }
      state.open.remove(at: place)
      return true
    }
    guard isOurs else { return }
    let file = download.file
    let digest = download.digest
    guard digest == file.digest.text else {
      download.discard()
      received.add(-file.byteCount, ordering: .relaxed)
      let isFirst = state.withLock { state in
        let isFirst = state.spoiled.insert(file).inserted
        if isFirst { state.waiting.append(file) }
        return isFirst
      }
      guard !isFirst else { return }
      throw HubError(
        reference.repository,
        .wrongDigest(file: file.path, expected: file.digest.text, found: digest))
    }
    try download.commit()
    try cache.place(file, at: commit, isNew: true)
    finish(file)
  }

  private func finish(_ file: HubFile) { state.withLock { $0.finishedCount += 1 } }
}

/// How far a pull is.
public struct PullProgress: Sendable {
  /// Bytes that came over the network.
  public let receivedByteCount: Int
  /// Bytes that were in the cache, finished or not.
  public let keptByteCount: Int
  public let finishedFileCount: Int
  /// What is waited for, if anything.
  public let note: String?

  public var byteCount: Int { receivedByteCount + keptByteCount }

  /// With files that were there before.
  func adding(_ byteCount: Int, _ fileCount: Int) -> PullProgress {
    PullProgress(
      receivedByteCount: receivedByteCount, keptByteCount: keptByteCount + byteCount,
      finishedFileCount: finishedFileCount + fileCount, note: note)
  }
}
