import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The temporary files and folders of this process.
public enum Unfinished {
  private static let paths = Mutex<Set<FilePath>>([])

  static func insert(_ path: FilePath) { _ = paths.withLock { $0.insert(path) } }

  /// - Returns: Whether the path was still unfinished.
  static func remove(_ path: FilePath) -> Bool { paths.withLock { $0.remove(path) != nil } }

  /// Removes them all: the last act of an interrupted program.
  public static func discardAll() {
    let abandoned = paths.withLock { paths in
      defer { paths.removeAll() }
      return paths
    }
    for path in abandoned { removeTree(path) }
  }
}

/// Removes a file, or a folder with all that is in it. Links are removed, never followed.
func removeTree(_ path: FilePath) {
  var status = stat()
  guard path.withPlatformString({ lstat($0, &status) }) == 0 else { return }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    _ = path.withPlatformString { unlink($0) }
    return
  }
  for name in (try? FolderListing(path).names) ?? [] { removeTree(path.appending(name)) }
  _ = path.withPlatformString { rmdir($0) }
}

/// Makes a rename in `folder` survive a power cut. Not every filesystem can sync a folder.
func syncFolder(_ folder: FilePath) {
  let fd = (folder.isEmpty ? "." : folder).withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
  guard fd >= 0 else { return }
  fsync(fd)
  close(fd)
}
