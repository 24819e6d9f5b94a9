import MappedFiles
import Synchronization
import SystemPackage

/// A file on its way into the cache: which slabs of it are here, which are being fetched, and its digest as far
/// as the slabs reach without a gap.
///
/// Slabs are written as they come, in any order and by several threads; the digest follows behind.
final class BlobDownload: Sendable {
  static let slabByteCount = 1 << 20
  /// Bytes that one request asks for, at most.
  static let pieceByteCount = 32 << 20

  let file: HubFile
  private let staged: StagedOutput
  private let journaled: JournaledFile
  private let lock: BlobLock
  private let state: Mutex<State>

  fileprivate struct State {
    /// Byte ranges that nobody fetches yet: slabs in order, with the lowest last.
    var missing: [Range<Int>] = []
    var isDone: [Bool]
    var digestedSlabCount = 0
    var isDigesting = false
    var digest: RunningDigest
    var claimCount = 0
    var ignoresRanges = false
    /// Where the hub sends us for the bytes, and the mark that place gives them.
    var address: String?
    var tags: [Origin: String] = [:]
  }

  /// Opens the place where the file grows, and proves what an earlier run left of it.
  ///
  /// - Throws: ``FileError``: `.inUse` while another program writes it, or the failed system call.
  init(_ file: HubFile, in cache: HubCache, _ lock: BlobLock) throws {
    self.file = file
    self.lock = lock
    let blob = cache.blob(file.digest)
    // Only a blob that is not whole is replaced.
    staged = try StagedOutput(blob, form: .file, overwrite: FileSize.byteCount(blob) != nil)
    let identity = Array("hub blob \(file.byteCount) \(file.digest.text)".utf8)
    journaled = try staged.open(
      "", byteCount: file.byteCount, identity: identity.withUnsafeBytes { Digest128(of: $0) })
    let slabCount = (file.byteCount + Self.slabByteCount - 1) / Self.slabByteCount
    var state = State(
      isDone: Array(repeating: false, count: slabCount),
      digest: RunningDigest(like: file.digest, byteCount: file.byteCount))
    for slab in 0..<slabCount where journaled.hasEarlierWork {
      let range = Self.range(slab, of: file)
      guard let bytes = journaled.kept(range.count, at: range.lowerBound) else { continue }
      state.isDone[slab] = true
      guard state.digestedSlabCount == slab else { continue }
      bytes.withUnsafeBytes { state.digest.update($0) }
      state.digestedSlabCount += 1
    }
    for slab in (0..<slabCount).reversed() where !state.isDone[slab] {
      let range = Self.range(slab, of: file)
      if let next = state.missing.last, next.lowerBound == range.upperBound,
        next.count + range.count <= Self.pieceByteCount
      {
        state.missing[state.missing.count - 1] = range.lowerBound..<next.upperBound
      } else {
        state.missing.append(range)
      }
    }
    self.state = Mutex(state)
  }

  private static func range(_ slab: Int, of file: HubFile) -> Range<Int> {
    let start = slab * slabByteCount
    return start..<min(start + slabByteCount, file.byteCount)
  }

  /// Bytes that are here.
  var keptByteCount: Int {
    state.withLock { state in
      file.byteCount - state.missing.reduce(0) { $0 + $1.count }
    }
  }

  /// Whether every slab is here and digested.
  var isComplete: Bool { state.withLock { $0.digestedSlabCount == $0.isDone.count } }

  /// Takes a range to fetch; `nil` when there is none left, or only one connection may fetch and does.
  func claim() -> Range<Int>? {
    state.withLock { state in
      guard !state.missing.isEmpty, !state.ignoresRanges || state.claimCount == 0 else {
        return nil
      }
      state.claimCount += 1
      guard state.ignoresRanges else { return state.missing.removeLast() }
      // The one stream brings all, from the first gap on.
      let start = state.missing.last?.lowerBound ?? 0
      state.missing = []
      return start..<file.byteCount
    }
  }

  /// Gives back what was not fetched of a claim.
  func release(_ rest: Range<Int>) {
    state.withLock { state in
      state.claimCount -= 1
      guard !rest.isEmpty else { return }
      state.missing.append(rest)
      state.missing.sort { $0.lowerBound > $1.lowerBound }
    }
  }

  /// The server sends only whole files: from now on one connection fetches it.
  func noteIgnoredRanges() { state.withLock { $0.ignoresRanges = true } }

  var ignoresRanges: Bool { state.withLock { $0.ignoresRanges } }

  /// Where the bytes were had from last, which spares asking the hub each time.
  var address: String? {
    get { state.withLock { $0.address } }
    set { state.withLock { $0.address = newValue } }
  }

  func tag(at origin: Origin) -> String? { state.withLock { $0.tags[origin] } }

  /// Remembers the mark that a server gives the bytes.
  ///
  /// - Throws: ``TransferError`` with `.changed` when it was another before.
  func check(tag: String?, at origin: Origin?) throws(TransferError) {
    guard let origin, let tag, !tag.hasPrefix("W/") else { return }
    let earlier = state.withLock { state in
      defer { state.tags[origin] = state.tags[origin] ?? tag }
      return state.tags[origin]
    }
    if let earlier, earlier != tag {
      throw TransferError.changed(expected: "ETag \(earlier)", found: tag)
    }
  }

  /// Writes a slab, notes it, and lets the digest follow.
  ///
  /// A slab that is here stays as it was digested, whatever comes for it again.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    guard state.withLock({ !$0.isDone[offset / Self.slabByteCount] }) else { return }
    try journaled.write(bytes, at: offset)
    state.withLock { $0.isDone[offset / Self.slabByteCount] = true }
    try digestOn()
  }

  /// Reads back what is behind the digest and has no gap before it. One thread at a time does.
  private func digestOn() throws {
    guard state.withLock({ $0.startDigesting() }) else { return }
    let reader = try FileReader(journaled.path)
    var digest = state.withLock { $0.digest }
    var slab = state.withLock { $0.digestedSlabCount }
    while true {
      try reader.read(Self.range(slab, of: file)) { digest.update($0) }
      slab += 1
      let goesOn = state.withLock { state in
        state.digestedSlabCount = slab
        state.digest = digest
        state.isDigesting = false
        return state.startDigesting()
      }
      guard goesOn else { return }
    }
  }

  /// The digest of all bytes, once they are here.
  var digest: String { state.withLock { $0.digest.text } }

  /// Gives the blob its name.
  func commit() throws { try staged.commit([journaled]) }

  /// Throws away what is here: it is not the file.
  func discard() { staged.discard() }
}

extension BlobDownload.State {
  fileprivate mutating func startDigesting() -> Bool {
    guard !isDigesting, digestedSlabCount < isDone.count, isDone[digestedSlabCount] else {
      return false
    }
    isDigesting = true
    return true
  }
}
