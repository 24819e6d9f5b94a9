public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder that is filled under a temporary name beside its destination and renamed when it is whole.
///
/// A folder that goes away without ``commit()`` is removed with all that was written into it.
public final class AtomicFolder: Sendable {
  public let destination: FilePath
  /// Where files are written meanwhile.
  public let temporary: FilePath
  private let overwrite: Bool

  /// - Parameter overwrite: Whether a folder that stands at `destination` and holds anything is
  ///   replaced at the end. An empty one always is.
  /// - Throws: ``FileError`` with `.alreadyExists`, or the failed system call.
  public init(_ destination: FilePath, overwrite: Bool) throws(FileError) {
    // A trailing slash is part of what people type, not of the name.
    let destination = destination.lexicallyNormalized()
    var status = stat()
    if destination.withPlatformString({ stat($0, &status) }) == 0 {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let isEmpty = isFolder ? try FolderListing(destination).names.isEmpty : false
      guard isEmpty || (overwrite && isFolder) else {
        throw FileError(path: destination, reason: .alreadyExists)
      }
    }
    self.destination = destination
    self.overwrite = overwrite
    temporary = FilePath("\(destination).quern-\(getpid())")
    guard temporary.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
      throw FileError(
        path: destination, reason: .system(operation: "create", Errno(rawValue: errno)))
    }
    Unfinished.insert(temporary)
  }

  deinit { discard() }

  /// Gives the folder its final name and syncs the folder that holds it.
  public func commit() throws(FileError) {
    let replaced = FilePath("\(destination).quern-replaced-\(getpid())")
    // rename replaces an empty folder by itself, a full one must step aside first.
    let stepsAside = overwrite && Self.rename(destination, to: replaced)
    guard Self.rename(temporary, to: destination) else {
      let errno = Errno(rawValue: errno)
      if stepsAside { _ = Self.rename(replaced, to: destination) }
      throw FileError(path: destination, reason: .system(operation: "rename", errno))
    }
    _ = Unfinished.remove(temporary)
    syncFolder(destination.removingLastComponent())
    if stepsAside { removeTree(replaced) }
  }

  /// Removes the temporary folder. Does nothing after a commit.
  public func discard() {
    if Unfinished.remove(temporary) { removeTree(temporary) }
  }

  private static func rename(_ from: FilePath, to: FilePath) -> Bool {
    from.withPlatformString { from in
      to.withPlatformString { to in systemRename(from, to) == 0 }
    }
  }
}

private let systemRename: @Sendable (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32 = {
  rename($0, $1)
}
