import Foundation
import MappedFiles
public import SystemPackage

/// One repository in the hub's cache, laid out as `huggingface_hub` lays it out:
///
///     models--ORG--NAME/
///       blobs/DIGEST                   the bytes, named by the hub's digest of them
///       refs/REVISION                  the commit that a branch or tag was
///       snapshots/COMMIT/PATH          a relative link to the blob
///       .no_exist/COMMIT/PATH          empty: the commit has no such file
///     .locks/models--ORG--NAME/DIGEST.lock
///
/// - Source: the docstring of `hf_hub_download` in huggingface_hub 2.4.
public struct HubCache: Sendable {
  public let root: FilePath
  public let folder: FilePath
  let usesLinks: Bool
  private let name: String

  public init(_ reference: HubReference, in environment: HubEnvironment) {
    root = environment.cache
    usesLinks = environment.usesLinks
    name =
      (["models"] + reference.repository.split(separator: "/").map(String.init))
      .joined(separator: "--")
    folder = root.appending(name)
  }

  /// The folder that holds the files of a commit under their own paths.
  public func snapshot(_ commit: String) -> FilePath {
    folder.appending("snapshots").appending(commit)
  }

  /// Where a file of a commit stands, there or not.
  public func path(of file: String, at commit: String) -> FilePath {
    FilePath(snapshot(commit).string + "/" + file)
  }

  func blob(_ digest: HubDigest) -> FilePath {
    folder.appending("blobs").appending(digest.text)
  }

  func lock(_ digest: HubDigest) -> FilePath {
    root.appending(".locks").appending(name).appending(digest.text + ".lock")
  }

  /// The commit that a revision was when it was last pulled.
  func commit(of revision: String) -> String? {
    if HubReference.isCommit(revision) { return revision }
    let path = FilePath(folder.appending("refs").string + "/" + revision)
    let text = (try? String(contentsOfFile: path.string, encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return text.flatMap { HubReference.isCommit($0) ? $0 : nil }
  }

  /// Notes which commit a branch or tag is.
  func note(_ commit: String, for revision: String) throws {
    guard revision != commit, self.commit(of: revision) != commit else { return }
    let path = FilePath(folder.appending("refs").string + "/" + revision)
    try FolderPath.make(path.removingLastComponent())
    do {
      let writer = try AtomicFileWriter(path, overwrite: true)
      try writer.write(Array(commit.utf8), at: 0)
      try writer.commit()
    } catch {
      // Another pull of this program may have noted the same meanwhile.
      guard self.commit(of: revision) == commit else { throw error }
    }
  }

  /// Notes that a commit has no such file, for programs that would ask again.
  func noteAbsence(of file: String, at commit: String) {
    guard RepositoryPath.isSafe(file) else { return }
    let path = FilePath(folder.appending(".no_exist").appending(commit).string + "/" + file)
    try? FolderPath.make(path.removingLastComponent())
    _ = FileManager.default.createFile(atPath: path.string, contents: nil)
  }

  /// Makes the folders that a commit needs, and says to programs for backups that all can be had again.
  ///
  /// - Source: <https://bford.info/cachedir/>
  func prepare(for commit: String) throws {
    try FolderPath.make(folder.appending("blobs"))
    // Without it, huggingface_hub takes an unfinished pull for a damaged repository.
    try FolderPath.make(snapshot(commit))
    try FolderPath.make(lock(.sha256("")).removingLastComponent())
    let tag = root.appending("CACHEDIR.TAG").string
    if !FileManager.default.fileExists(atPath: tag) {
      let text = """
        Signature: 8a477f597d28d172789f06886806bc55
        # This file is a cache directory tag.

        """
      _ = FileManager.default.createFile(atPath: tag, contents: Data(text.utf8))
    }
  }
}
