public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of a set cannot take their names in one step. A mark in the journal folder says that they are
/// at it: while it stands, a part that has left the staging folder is this work's own, wherever a kill fell.
extension StagedOutput {
  /// Whether a set of this destination was killed while its files took their names.
  ///
  /// Some of them then stand under their names already, and the same command goes on with them.
  public static func isHalfRenamed(_ destination: FilePath) -> Bool {
    mark(in: journal(of: destination)).withPlatformString { access($0, F_OK) } == 0
  }

  private static func mark(in journal: FilePath) -> FilePath { journal.appending("renaming") }

  /// Names every file of a set, the first one last.
  func commitSet(_ names: [String]) throws(FileError) {
    guard let first = names.first else { return }
    let folder = destination.removingLastComponent()
    // Whatever has a journal when the mark is set is taken for a part of this set.
    removeStrangers(from: journal, but: names)
    try setMark()
    // Nobody may open an older first part together with newer ones.
    if overwrite, folder.appending(first).withPlatformString({ unlink($0) }) == 0 {
      syncFolder(folder)
    }
    for name in names.dropFirst() {
      try self.name(staging.appending(name), folder.appending(name))
    }
    syncFolder(folder)
    try name(staging.appending(first), folder.appending(first))
    syncFolder(folder)
    _ = Self.mark(in: journal).withPlatformString { unlink($0) }
    removeTree(journal)
    removeTree(staging)
  }

  /// Moves the files that had their names when a kill came back to the others, where their journals prove
  /// them again.
  func takeBackRenamed() {
    guard Self.isHalfRenamed(destination) else { return }
    let folder = destination.removingLastComponent()
    let mark = Self.mark(in: journal)
    for name in (try? FolderListing(journal).names) ?? [] where journal.appending(name) != mark {
      let part = staging.appending(name)
      if part.withPlatformString({ access($0, F_OK) }) != 0 {
        try? rename(folder.appending(name), to: part)
      }
    }
    _ = mark.withPlatformString { unlink($0) }
  }

  private func setMark() throws(FileError) {
    let mark = Self.mark(in: journal)
    let descriptor = mark.withPlatformString {
      #if canImport(Glibc)
        Glibc.open($0, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #else
        Darwin.open($0, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      #endif
    }
    guard descriptor >= 0 else {
      throw FileError(path: mark, reason: .system(operation: "create", Errno(rawValue: errno)))
    }
    close(descriptor)
    syncFolder(journal)
  }
}
