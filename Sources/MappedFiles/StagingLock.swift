import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps other programs out of a staging file or folder.
enum StagingLock {
  /// Makes the staging file or folder and locks it as long as the descriptor is open.
  ///
  /// - Throws: ``FileError`` with `.inUse` while another program holds it.
  static func acquire(
    _ staging: FilePath, journal: FilePath, isFolder: Bool, for destination: FilePath
  ) throws(FileError) -> Int32 {
    func failure(_ operation: String) -> FileError {
      FileError(path: destination, reason: .system(operation: operation, Errno(rawValue: errno)))
    }
    try removeOtherForm(staging, journal: journal, isFolder: isFolder, for: destination)
    if isFolder, staging.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST {
      throw failure("create")
    }
    let fd = open(staging, isFolder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT)
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

  /// Throws away what a killed run left that wanted a file here where a folder is wanted, or the reverse.
  private static func removeOtherForm(
    _ staging: FilePath, journal: FilePath, isFolder: Bool, for destination: FilePath
  ) throws(FileError) {
    var status = stat()
    guard staging.withPlatformString({ lstat($0, &status) }) == 0,
      (status.st_mode & S_IFMT == S_IFDIR) != isFolder
    else { return }
    let fd = open(staging, O_RDONLY)
    defer { if fd >= 0 { close(fd) } }
    if fd >= 0, flock(fd, LOCK_EX | LOCK_NB) != 0 {
      throw FileError(path: destination, reason: .inUse)
    }
    removeTree(staging)
    removeTree(journal)
  }

  private static func open(_ path: FilePath, _ flags: Int32) -> Int32 {
    path.withPlatformString { path in
      #if canImport(Glibc)
        Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #else
        Darwin.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #endif
    }
  }
}
