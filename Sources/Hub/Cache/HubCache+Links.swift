import Foundation
import MappedFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension HubCache {
  /// Whether a file of a commit is there in full.
  func has(_ file: HubFile, at commit: String) -> Bool {
    FileSize.byteCount(path(of: file.path, at: commit)) == file.byteCount
  }

  /// Puts a blob into a commit's folder under the file's own path: a link, or where there are none, a copy.
  ///
  /// - Parameter isNew: Whether no other file may need the blob: then it is moved, not copied.
  func place(_ file: HubFile, at commit: String, isNew: Bool) throws {
    let path = path(of: file.path, at: commit)
    try FolderPath.make(path.removingLastComponent())
    if usesLinks, try link(file, to: path) { return }
    let blob = blob(file.digest)
    if isNew {
      let moved = blob.withPlatformString { from in
        path.withPlatformString { to in rename(from, to) }
      }
      guard moved != 0 else { return }
    }
    try FileCopy.make(of: blob, at: path)
  }

  /// - Returns: Whether the file system has links.
  private func link(_ file: HubFile, to path: FilePath) throws -> Bool {
    let depth = file.path.utf8.count { $0 == UInt8(ascii: "/") }
    let target = String(repeating: "../", count: depth + 2) + "blobs/" + file.digest.text
    let new = FilePath("\(path).\(UUID().uuidString.prefix(8)).link")
    let made = new.withPlatformString { new in symlink(target, new) }
    guard made == 0 else {
      let code = errno
      if [EPERM, EOPNOTSUPP, ENOSYS, EACCES].contains(code) { return false }
      throw FileError(path: path, reason: .system(operation: "link", Errno(rawValue: code)))
    }
    let renamed = new.withPlatformString { from in
      path.withPlatformString { to in rename(from, to) }
    }
    guard renamed == 0 else {
      let code = errno
      _ = new.withPlatformString { unlink($0) }
      throw FileError(path: path, reason: .system(operation: "link", Errno(rawValue: code)))
    }
    return true
  }
}
