import MappedFiles
public import SystemPackage

extension Pull {
  /// Copies the files out of the cache into a folder, under their own paths. What is there already and the same
  /// stays.
  ///
  /// - Parameter overwrite: Whether other files of these names are replaced.
  /// - Returns: What ``path`` is in the folder.
  /// - Throws: `FileError` with `.alreadyExists`, or the failed system call.
  public func copy(to folder: FilePath, overwrite: Bool = false) throws -> FilePath {
    for file in files {
      let target = FilePath(folder.string + "/" + file.path)
      if FileSize.byteCount(target) != nil {
        if !file.digest.text.isEmpty, try RunningDigest.matches(target, file) { continue }
        guard overwrite else { throw FileError(path: target, reason: .alreadyExists) }
      }
      try FolderPath.make(target.removingLastComponent())
      try FileCopy.make(of: path(of: file), at: target)
    }
    let main = files.first { path(of: $0) == path }
    return main.map { FilePath(folder.string + "/" + $0.path) } ?? folder
  }
}
