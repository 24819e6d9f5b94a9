import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StagedOutput.Form {
  /// Whether the files grow in a folder.
  var isStagedInFolder: Bool { self != .file }

  var isSet: Bool { if case .set = self { true } else { false } }

  /// Checks that nothing stands where the output will, or that it may be replaced.
  ///
  /// - Throws: ``FileError``: `.alreadyExists`, `.isADirectory`.
  func checkFree(_ destination: FilePath, overwrite: Bool) throws(FileError) {
    switch self {
    case .file:
      try Self.checkFile(destination, overwrite: overwrite)
    case .folder:
      try Self.checkFolder(destination, overwrite: overwrite)
    case .set(let names):
      let folder = destination.removingLastComponent()
      for name in names { try Self.checkFile(folder.appending(name), overwrite: overwrite) }
    }
  }

  private static func checkFile(_ path: FilePath, overwrite: Bool) throws(FileError) {
    guard let kind = kind(of: path) else { return }
    guard kind != S_IFDIR else { throw FileError(path: path, reason: .isADirectory) }
    guard overwrite else { throw FileError(path: path, reason: .alreadyExists) }
  }

  private static func checkFolder(_ path: FilePath, overwrite: Bool) throws(FileError) {
    guard let kind = kind(of: path) else { return }
    if kind == S_IFDIR, try FolderListing(path).names.isEmpty { return }
    guard overwrite, kind == S_IFDIR else { throw FileError(path: path, reason: .alreadyExists) }
  }

  private static func kind(of path: FilePath) -> mode_t? {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }
}
