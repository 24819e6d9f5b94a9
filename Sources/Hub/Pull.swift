import Foundation
import MappedFiles
import Workers
public import SystemPackage

/// Files of a model, brought from the hub into the cache that `huggingface_hub` uses too.
///
/// Making one asks the hub what there is; ``execute(connectionCount:progress:)`` brings it.
public struct Pull: Sendable {
  public let reference: HubReference
  /// The commit that the revision is now.
  public let commit: String
  public let files: [HubFile]
  /// What stays on the hub, and why.
  public let leftOut: [(file: HubFile, why: String)]
  /// Whether the hub was not asked, or could not be: the files are those that the cache has.
  public let isFromCache: Bool
  /// The file that was named, or the first part of the GGUF; the folder without.
  public let path: FilePath
  private let cache: HubCache
  private let client: HubClient

  /// - Parameters:
  ///   - include: Patterns of a shell, of which a path must match one when there are any.
  ///   - exclude: Patterns of which it must match none.
  /// - Throws: ``HubError``
  public init(
    _ reference: HubReference, in environment: HubEnvironment = HubEnvironment(),
    include: [String] = [], exclude: [String] = []
  ) throws {
    self.reference = reference
    cache = HubCache(reference, in: environment)
    client = HubClient(environment)
    var listing: HubListing?
    do {
      if !environment.isOffline {
        listing = try client.listing(of: reference, on: HTTPConnection())
      }
    } catch let error as HubError where error.isUnreachable {
      // Without a network, what was pulled before is still good.
      guard let cached = cache.listing(of: reference),
        (try? FileChoice(reference, from: cached.files, include: include, exclude: exclude)) != nil
      else { throw error }
    }
    isFromCache = listing == nil
    guard let listing = listing ?? cache.listing(of: reference) else {
      throw HubError(reference.repository, .notCached(reference.description))
    }
    commit = listing.commit
    let choice: FileChoice
    do {
      choice = try FileChoice(reference, from: listing.files, include: include, exclude: exclude)
      if isFromCache { try cache.checkShards(of: choice.files, at: commit, reference) }
    } catch let error as HubError {
      if !isFromCache, case .noSuchFile(let path) = error.reason {
        cache.noteAbsence(of: path, at: listing.commit)
      }
      throw error
    }
    files = choice.files
    leftOut = choice.leftOut
    path =
      choice.main.map { [cache] in cache.path(of: $0.path, at: listing.commit) }
      ?? cache.snapshot(listing.commit)
  }

  /// Bytes of all files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// Whether a file is in the cache already.
  public func isCached(_ file: HubFile) -> Bool { isFromCache || cache.has(file, at: commit) }

  /// Where a file stands in the cache, once it is there.
  public func path(of file: HubFile) -> FilePath { cache.path(of: file.path, at: commit) }

  /// Brings the files that the cache lacks. After an interruption or a failure, the same call goes on with what is
  /// there.
  ///
  /// - Parameters:
  ///   - connectionCount: Connections at once, each in a thread.
  ///   - progress: Called on this thread, some times a second.
  /// - Throws: ``HubError``, or `FileError`.
  @discardableResult public func execute(
    connectionCount: Int = 8, progress: (PullProgress) -> Void = { _ in }
  ) throws -> PullProgress {
    let missing = files.filter { !isCached($0) }
    let present = byteCount - missing.reduce(0) { $0 + $1.byteCount }
    let queue = PullQueue(
      missing, of: reference, commit: commit, cache: cache, client: client)
    func now() -> PullProgress { queue.progress.adding(present, files.count - missing.count) }
    if !missing.isEmpty {
      try cache.prepare(for: commit)
      try cache.checkRoom(for: missing, reference)
      Self.work(queue, connectionCount: connectionCount) { progress(now()) }
    }
    if let failure = queue.failure { throw failure }
    if !isFromCache { try cache.note(commit, for: reference.revision) }
    return now()
  }

  private static func work(
    _ queue: PullQueue, connectionCount: Int, watch: () -> Void
  ) {
    let threads = (0..<max(1, connectionCount)).compactMap { _ in
      queue.start { work in OwnedThread(work) }
    }
    // A machine without room for a thread has this one.
    if threads.isEmpty { queue.work() }
    while queue.isWorking {
      watch()
      Thread.sleep(forTimeInterval: 0.02)
    }
    for thread in threads { thread.join() }
  }
}
