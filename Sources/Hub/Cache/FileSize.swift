import MappedFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sizes of files, and of the room for them.
enum FileSize {
  /// Bytes of a regular file, where links lead; `nil` when there is none.
  static func byteCount(_ path: FilePath) -> Int? { regular(path).map { Int($0.st_size) } }

  /// Bytes that a file takes on disk, holes left out.
  static func allocated(_ path: FilePath) -> Int {
    regular(path).map { Int($0.st_blocks) * 512 } ?? 0
  }

  private static func regular(_ path: FilePath) -> stat? {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else { return nil }
    return status
  }

  /// Bytes free where a folder is or will be; `nil` where nobody knows.
  static func free(in folder: FilePath) -> Int? {
    var folder = folder
    var status = statvfs()
    while folder.withPlatformString({ statvfs($0, &status) }) != 0 {
      let parent = folder.removingLastComponent()
      guard parent != folder, !parent.isEmpty else { return nil }
      folder = parent
    }
    let (free, overflow) = Int(clamping: status.f_bavail)
      .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : free
  }
}

/// Folders on the way to a file.
enum FolderPath {
  /// Makes a folder and those above it.
  static func make(_ path: FilePath) throws(FileError) {
    guard !path.isEmpty, path.withPlatformString({ mkdir($0, 0o755) }) != 0 else { return }
    if errno == ENOENT {
      let parent = path.removingLastComponent()
      guard parent != path else { return }
      try make(parent)
      guard path.withPlatformString({ mkdir($0, 0o755) }) != 0 else { return }
    }
    let code = errno
    var status = stat()
    // What is there already may be a link to a folder, or on a disk that nobody may write to.
    guard path.withPlatformString({ stat($0, &status) }) == 0,
      status.st_mode & S_IFMT == S_IFDIR
    else {
      throw FileError(
        path: path,
        reason: .system(
          operation: "create the folder", Errno(rawValue: code == EEXIST ? ENOTDIR : code)))
    }
  }
}
