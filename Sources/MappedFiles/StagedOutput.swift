import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file, a folder of files or a set of files side by side, that grows under another name beside its
/// destination, survives a kill, and takes its final name when it is whole.
///
/// `NAME.quern-partial` holds the bytes, `NAME.quern-journal` says which of them are done. While one
/// program works on a destination, another is refused.
public final class StagedOutput: Sendable {
  public enum Form: Sendable, Hashable {
    case file
    case folder
    /// Files of these names, beside the destination, whose own name is only the base of theirs. Readers
    /// open the first, which therefore appears last.
    case set([String])
  }

  public let destination: FilePath
  public let form: Form
  let staging: FilePath
  let journal: FilePath
  let overwrite: Bool
  private let lock: Int32

  /// - Parameter overwrite: Whether what stands at `destination`, or under the names of a set, is
  ///   replaced at the end. An empty folder always is.
  /// - Throws: ``FileError``: `.alreadyExists`, `.inUse`, or the failed system call.
  public init(_ destination: FilePath, form: Form, overwrite: Bool) throws(FileError) {
    // No file of a set has the destination's name.
    let destination = form.isSet ? destination : try Self.resolved(destination)
    if !form.isSet || !Self.isHalfRenamed(destination) {
      try form.checkFree(destination, overwrite: overwrite)
    }
    self.destination = destination
    self.form = form
    self.overwrite = overwrite
    staging = FilePath("\(destination).quern-partial")
    journal = Self.journal(of: destination)
    lock = try StagingLock.acquire(
      staging, journal: journal, isFolder: form.isStagedInFolder, for: destination)
    Self.living.add(1, ordering: .relaxed)
    switch form {
    case .file: break
    case .folder: recoverReplaced()
    case .set:
      takeBackRenamed()
      try form.checkFree(destination, overwrite: overwrite)
    }
  }

  deinit {
    Self.living.subtract(1, ordering: .relaxed)
    close(lock)
  }

  private static let living = Atomic(0)

  /// Whether this process is in the middle of an output that a later run can go on with.
  public static var isAnyUnfinished: Bool { living.load(ordering: .relaxed) > 0 }

  /// Whether an unfinished output for `destination` lies beside it.
  public static func isBegun(_ destination: FilePath) -> Bool {
    let destination = (try? resolved(destination)) ?? destination
    return FilePath("\(destination).quern-partial").withPlatformString { access($0, F_OK) } == 0
  }

  static func journal(of destination: FilePath) -> FilePath {
    FilePath("\(destination).quern-journal")
  }

  /// Opens one of the files.
  ///
  /// - Parameters:
  ///   - name: Its name in the folder or set; ignored when the output is a file.
  ///   - identity: A digest of everything that decides its bytes.
  public func open(
    _ name: String, byteCount: Int, identity: Digest128
  ) throws(FileError) -> JournaledFile {
    guard form.isStagedInFolder else {
      return try JournaledFile(
        staging, journal: journal, byteCount: byteCount, identity: identity)
    }
    _ = journal.withPlatformString { mkdir($0, 0o755) }
    return try JournaledFile(
      staging.appending(name), journal: journal.appending(name), byteCount: byteCount,
      identity: identity)
  }

  /// Brings the files to disk: all that takes long of a commit.
  ///
  /// Of several outputs, sync every one before the first is committed, so that a kill finds either none
  /// of them under its final name or all, but for a moment.
  public func sync(_ files: [JournaledFile]) throws(FileError) {
    for file in files { try file.sync() }
    // The names of the files are bytes of the folder.
    if form.isStagedInFolder { syncFolder(staging) }
  }

  /// Syncs the files to disk, gives the output its final name and syncs the folder that holds it.
  ///
  /// - Parameter files: Every file of the output.
  public func commit(_ files: [JournaledFile]) throws(FileError) {
    // Files of another plan may have been left in the folder by an earlier run.
    let names = files.compactMap { $0.path.lastComponent?.string }
    if form.isStagedInFolder { removeStrangers(from: staging, but: names) }
    try sync(files)
    switch form {
    case .file: try commitFile()
    case .folder: try commitFolder()
    case .set(let names): try commitSet(names)
    }
  }

  /// Throws the unfinished work away.
  public func discard() {
    removeTree(staging)
    removeTree(journal)
  }

  private func commitFile() throws(FileError) {
    try name(staging, destination)
    syncFolder(destination.removingLastComponent())
    removeTree(journal)
  }

  private func commitFolder() throws(FileError) {
    // rename replaces an empty folder by itself, a full one must step aside first.
    let stepsAside = overwrite && (try? rename(destination, to: replaced)) != nil
    do throws(FileError) {
      try rename(staging, to: destination)
    } catch {
      if stepsAside { try? rename(replaced, to: destination) }
      throw error
    }
    syncFolder(destination.removingLastComponent())
    if stepsAside { removeTree(replaced) }
    removeTree(journal)
  }

  func removeStrangers(from folder: FilePath, but names: [String]) {
    let known = Set(names)
    for name in (try? FolderListing(folder).names) ?? [] where !known.contains(name) {
      removeTree(folder.appending(name))
    }
  }

  /// Where a full folder steps aside while its successor takes its name.
  private var replaced: FilePath { FilePath("\(destination).quern-replaced") }

  /// Mends what a kill between the two renames, or before the last removal, left behind.
  private func recoverReplaced() {
    guard (try? rename(replaced, to: destination)) == nil else { return }
    // Only what has a whole successor goes: the rename may have failed for another reason.
    if destination.withPlatformString({ access($0, F_OK) }) == 0 { removeTree(replaced) }
  }

  /// Gives a file its final name; without `overwrite`, what appeared there meanwhile stays.
  func name(_ from: FilePath, _ to: FilePath) throws(FileError) {
    guard !overwrite else { return try rename(from, to: to) }
    switch renameToFree(from, to) {
    case 0: return
    case EEXIST: throw FileError(path: to, reason: .alreadyExists)
    case let code:
      throw FileError(path: to, reason: .system(operation: "rename", Errno(rawValue: code)))
    }
  }

  /// - Throws: An error about the new name.
  func rename(_ from: FilePath, to: FilePath) throws(FileError) {
    let code = from.withPlatformString { from in
      to.withPlatformString { to in
        #if canImport(Glibc)
          Glibc.rename(from, to) == 0 ? 0 : errno
        #else
          Darwin.rename(from, to) == 0 ? 0 : errno
        #endif
      }
    }
    guard code == 0 else {
      throw FileError(
        path: to, reason: .system(operation: "rename", Errno(rawValue: code)))
    }
  }

  /// The path that is written: where a link leads, so that the link stays.
  ///
  /// - Throws: ``FileError`` for a link that leads nowhere, and for what is neither file nor folder.
  private static func resolved(_ destination: FilePath) throws(FileError) -> FilePath {
    var status = stat()
    guard destination.withPlatformString({ lstat($0, &status) }) == 0 else { return destination }
    switch status.st_mode & S_IFMT {
    case S_IFREG, S_IFDIR:
      return destination
    case S_IFLNK:
      guard let target = destination.withPlatformString({ realpath($0, nil) }) else {
        throw FileError(
          path: destination, reason: .system(operation: "follow the link", Errno(rawValue: errno)))
      }
      defer { free(target) }
      return FilePath(platformString: target)
    default:
      throw FileError(path: destination, reason: .notARegularFile)
    }
  }
}
