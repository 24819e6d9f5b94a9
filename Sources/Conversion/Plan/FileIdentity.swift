import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which file a path leads to, whatever it is called.
struct FileIdentity: Hashable {
  private let device: dev_t
  private let number: ino_t
  let isFolder: Bool

  /// `nil` when nothing is there.
  init?(_ path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
    device = status.st_dev
    number = status.st_ino
    isFolder = status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether `path` lies in this folder, however deep.
  func holds(_ path: FilePath) -> Bool {
    guard let real = path.withPlatformString({ realpath($0, nil) }) else { return false }
    defer { free(real) }
    var folder = FilePath(platformString: real)
    while folder.removeLastComponent() {
      if self == FileIdentity(folder) { return true }
    }
    return false
  }
}
