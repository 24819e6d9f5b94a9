import Synchronization
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file, or a folder of files, that grows under another name beside its destination, survives a kill,
/// and takes its final name when it is whole.
///
/// `NAME.quern-partial` holds the bytes, `NAME.quern-journal` says which of them are done. While one
/// program works on a destination, another is refused.
public final class StagedOutput: Sendable {
  public let destination: FilePath
  public let isFolder: Bool
  private let staging: FilePath
  private let journal: FilePath
  private let overwrite: Bool
  private let lock: Int32

  /// - Parameter overwrite: Whether what stands at `destination` is replaced at the end. An empty
  ///   folder always is.
  /// - Throws: ``FileError``: `.alreadyExists`, `.inUse`, or the failed system call.
  public init(_ destination: FilePath, isFolder: Bool, overwrite: Bool) throws(FileError) {
    let destination = try Self.resolved(destination)
    try Self.checkFree(destination, isFolder: isFolder, overwrite: overwrite)
    self.destination = destination
    self.isFolder = isFolder
    self.overwrite = overwrite
    staging = FilePath("\(destination).quern-partial")
    journal = FilePath("\(destination).quern-journal")
    lock = try Self.lock(staging, isFolder: isFolder, for: destination)
    if isFolder { recoverReplaced() }
    Self.living.add(1, ordering: .relaxed)
  }

  deinit {
    Self.living.subtract(1, ordering: .relaxed)
    close(lock)
  }

  private static let living = Atomic(0)

  /// Whether this process is in the middle of an output that a later run can go on with.
  public static var isAnyUnfinished: Bool { living.load(ordering: .relaxed) > 0 }

  /// Opens one of the files.
  ///
  /// - Parameters:
  ///   - name: Its name in the folder; ignored when the output is a file.
  ///   - identity: A digest of everything that decides its bytes.
  public func open(
    _ name: String, byteCount: Int, identity: Digest128
  ) throws(FileError) -> JournaledFile {
    guard isFolder else {
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
    if isFolder { syncFolder(staging) }
  }

  /// Syncs the files to disk, gives the output its final name and syncs the folder that holds it.
  ///
  /// - Parameter files: Every file of the output.
  public func commit(_ files: [JournaledFile]) throws(FileError) {
    if isFolder { removeStrangers(but: files) }
    try sync(files)
    // rename replaces a file and an empty folder by itself, a full folder must step aside first.
    let stepsAside = isFolder && overwrite && Self.rename(destination, to: replaced)
    guard Self.rename(staging, to: destination) else {
      let code = Errno(rawValue: errno)
      if stepsAside { _ = Self.rename(replaced, to: destination) }
      throw FileError(path: destination, reason: .system(operation: "rename", code))
    }
    syncFolder(destination.removingLastComponent())
    if stepsAside { removeTree(replaced) }
    removeTree(journal)
  }

  /// Throws the unfinished work away.
  public func discard() {
    removeTree(staging)
    removeTree(journal)
  }

  /// Files of another plan may have been left in the folder by an earlier run.
  private func removeStrangers(but files: [JournaledFile]) {
    let known = Set(files.compactMap { $0.path.lastComponent?.string })
    for name in (try? FolderListing(staging).names) ?? [] where !known.contains(name) {
      removeTree(staging.appending(name))
    }
  }

  /// Where a full folder steps aside while its successor takes its name.
  private var replaced: FilePath { FilePath("\(destination).quern-replaced") }

  /// Mends what a kill between the two renames, or before the last removal, left behind.
  private func recoverReplaced() {
    if !Self.rename(replaced, to: destination) { removeTree(replaced) }
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

  private static func checkFree(
    _ destination: FilePath, isFolder: Bool, overwrite: Bool
  ) throws(FileError) {
    var status = stat()
    guard destination.withPlatformString({ stat($0, &status) }) == 0 else { return }
    let standsFolder = status.st_mode & S_IFMT == S_IFDIR
    if standsFolder, !isFolder { throw FileError(path: destination, reason: .isADirectory) }
    if standsFolder, try FolderListing(destination).names.isEmpty { return }
    guard overwrite, standsFolder == isFolder else {
      throw FileError(path: destination, reason: .alreadyExists)
    }
  }

  /// Makes the staging file or folder and keeps others out of it as long as the descriptor is open.
  private static func lock(
    _ staging: FilePath, isFolder: Bool, for destination: FilePath
  ) throws(FileError) -> Int32 {
    func failure(_ operation: String) -> FileError {
      FileError(path: destination, reason: .system(operation: operation, Errno(rawValue: errno)))
    }
    if isFolder, staging.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST {
      throw failure("create")
    }
    let flags = isFolder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT
    let fd = staging.withPlatformString { path in
      #if canImport(Glibc)
        Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #else
        Darwin.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #endif
    }
    guard fd >= 0 else { throw failure("create") }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      close(fd)
      throw FileError(path: destination, reason: .inUse)
    }
    // Whoever held the lock may have renamed the file away meanwhile.
    var held = stat()
    var named = stat()
    guard fstat(fd, &held) == 0, staging.withPlatformString({ stat($0, &named) }) == 0,
      held.st_ino == named.st_ino, held.st_dev == named.st_dev
    else {
      close(fd)
      throw FileError(path: destination, reason: .inUse)
    }
    return fd
  }

  private static func rename(_ from: FilePath, to: FilePath) -> Bool {
    from.withPlatformString { from in
      to.withPlatformString { to in
        #if canImport(Glibc)
          Glibc.rename(from, to) == 0
        #else
          Darwin.rename(from, to) == 0
        #endif
      }
    }
  }
}
