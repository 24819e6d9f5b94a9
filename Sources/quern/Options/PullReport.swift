import Hub
import TensorCore

/// What `pull --json` prints.
struct PullReport: Encodable {
  struct File: Encodable {
    let path: String
    let bytes: Int
    let sha256: String?
    let gitBlob: String?
    /// Whether it was in the cache before.
    let cached: Bool
  }

  struct LeftOut: Encodable {
    let path: String
    let bytes: Int
    let why: String
  }

  let repository: String
  let revision: String
  let commit: String
  /// The file or folder, here or, after `--dry-run`, where it would be.
  let path: String
  let bytes: Int
  var downloadedBytes: Int?
  var seconds: Double?
  let files: [File]
  let leftOut: [LeftOut]

  /// - Parameter cached: The files that were there before.
  init(_ pull: Pull, path: String, cached: Set<HubFile>) {
    repository = pull.reference.repository
    revision = pull.reference.revision
    commit = pull.commit
    self.path = path
    bytes = pull.byteCount
    files = pull.files.map { file in
      var (sha256, gitBlob): (String?, String?) = (nil, nil)
      switch file.digest {
      case .sha256(let text): sha256 = text.isEmpty ? nil : text
      case .gitBlob(let text): gitBlob = text
      }
      return File(
        path: file.path, bytes: file.byteCount, sha256: sha256, gitBlob: gitBlob,
        cached: cached.contains(file))
    }
    leftOut = pull.leftOut.map {
      LeftOut(path: $0.file.path, bytes: $0.file.byteCount, why: $0.why)
    }
  }

  /// Says what is left out, and that the hub was not asked.
  static func explain(_ pull: Pull, _ output: OutputOptions) {
    if pull.isFromCache { output.note("note: the hub is not asked; this is what the cache has") }
    let reasons = Dictionary(grouping: pull.leftOut, by: \.why).sorted { $0.key < $1.key }
    for (why, left) in reasons {
      let bytes = left.reduce(0) { $0 + $1.file.byteCount }
      let names = left.map { $0.file.path.printable }
      let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
      output.note("left out: \(shown) (\(why), \(Quantities.bytes(bytes)))")
    }
  }

  /// The files with their sizes.
  static func table(_ pull: Pull, cached: Set<HubFile>) -> String {
    var table = Table([("file", .left), ("bytes", .right), ("", .left)])
    for file in pull.files {
      table.append(
        file.path.printable, "\(file.byteCount)", cached.contains(file) ? "in the cache" : "")
    }
    return table.text
  }
}
