import Foundation

extension HubClient {
  /// Entries of a repository; the largest have some ten thousand.
  private static let fileLimit = 200_000

  /// Tries of a question before it counts as failed.
  static let questionLimit = 4

  /// Asks which commit a revision is, and what files it has.
  ///
  /// - Throws: ``HubError``.
  func listing(of reference: HubReference, on connection: HTTPConnection) throws -> HubListing {
    do {
      let commit = try commit(of: reference, on: connection)
      let files = try files(of: reference, commit: commit, on: connection)
      guard files.reduce(0, { $0 + $1.byteCount / 1024 }) < 1 << 45 else {
        throw TransferError.malformed("the files have more bytes than any disk")
      }
      return HubListing(commit: commit, files: files.sorted { $0.path < $1.path })
    } catch let error as TransferError {
      throw HubError(reference.repository, of: error, file: nil)
    }
  }

  private func commit(of reference: HubReference, on connection: HTTPConnection) throws -> String {
    if reference.isCommit { return reference.revision }
    let answer = try answer(
      address(reference.modelPath + ["revision", reference.revision]), reference, on: connection)
    let info = try Self.decoded(RepositoryInfo.self, answer.body)
    guard let commit = info.sha, HubReference.isCommit(commit) else {
      throw TransferError.malformed("no commit of 40 hexadecimal digits in 'sha'")
    }
    return commit
  }

  private func files(
    of reference: HubReference, commit: String, on connection: HTTPConnection
  ) throws -> [HubFile] {
    do {
      return try treeFiles(of: reference, commit: commit, on: connection)
    } catch let error as HubError where error.isAbsence {
      // Mirrors exist that know the commit and not its tree.
      return try siblings(of: reference, commit: commit, on: connection)
    }
  }

  private func treeFiles(
    of reference: HubReference, commit: String, on connection: HTTPConnection
  ) throws -> [HubFile] {
    var files: [String: HubFile] = [:]
    var next: String? = address(
      reference.modelPath + ["tree", commit], query: "recursive=true&expand=false")
    var seen = Set<String>()
    while let page = next {
      guard seen.insert(page).inserted else {
        throw TransferError.malformed("a page of the listing leads back to an earlier one")
      }
      let (head, body) = try answer(page, reference, on: connection)
      for entry in try Self.decoded([TreeEntry].self, body) where entry.type == "file" {
        files[entry.path] = try HubFile(
          checking: entry.path, byteCount: entry.lfs?.size ?? entry.size ?? -1,
          digest: entry.lfs?.oid ?? entry.oid ?? "", of: reference)
      }
      guard files.count <= Self.fileLimit else {
        throw TransferError.malformed("more than \(Self.fileLimit) files")
      }
      next = try head["link"].flatMap(Self.nextPage).map { link in
        // A mirror may hand on the hub's own address; the token stays with the endpoint that was named.
        guard let path = link.firstRange(of: "/api/models/") else {
          throw TransferError.malformed("the next page of the listing is elsewhere")
        }
        return endpoint + link[path.lowerBound...]
      }
    }
    return Array(files.values)
  }

  /// The address in `<…>; rel="next"`.
  private static func nextPage(_ link: String) -> String? {
    link.split(separator: ",").lazy.compactMap { part in
      part.wholeMatch(of: /\s*<([^>]*)>\s*;.*rel="?next"?.*/).map { String($0.1) }
    }.first
  }

  /// A question to the hub, asked again while it may help.
  func answer(
    _ address: String, _ reference: HubReference, on connection: HTTPConnection
  ) throws -> (head: HTTPHead, body: Data) {
    try patiently {
      let answer = try contents(of: address, on: connection)
      guard answer.head.isSuccess else { throw refusal(answer.head, reference) }
      return answer
    }
  }

  func patiently<Value>(_ ask: () throws -> Value) throws -> Value {
    // Nothing shows that we wait, so it is not for long.
    var patience = Patience(limit: Self.questionLimit, firstPause: firstPause, longestWait: 20)
    while true {
      do {
        return try ask()
      } catch let error as TransferError {
        guard let pause = patience.wait(after: error) else { throw error }
        Thread.sleep(forTimeInterval: pause)
      }
    }
  }

  static func decoded<Value: Decodable>(_ type: Value.Type, _ body: Data) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: body)
    } catch {
      throw TransferError.malformed("the listing is not the JSON of a hub")
    }
  }
}

extension HubFile {
  /// What a hub says of a file, once it is checked.
  ///
  /// - Throws: ``HubError`` with `.unsafePath`, or ``TransferError`` with `.malformed`.
  init(checking path: String, byteCount: Int, digest: String, of reference: HubReference) throws {
    guard RepositoryPath.isSafe(path) else {
      throw HubError(reference.repository, .unsafePath(path))
    }
    guard byteCount >= 0, byteCount < 1 << 50 else {
      throw TransferError.malformed("\(path) has \(byteCount) bytes")
    }
    guard let digest = HubDigest(digest) else {
      throw TransferError.malformed("the digest of \(path) is '\(digest)'")
    }
    self.init(path: path, byteCount: byteCount, digest: digest)
  }
}

/// `/api/models/ORG/NAME/revision/REVISION`, as far as we read it.
private struct RepositoryInfo: Decodable {
  let sha: String?
}

/// An entry of `/api/models/ORG/NAME/tree/REVISION`.
private struct TreeEntry: Decodable {
  struct Large: Decodable {
    let oid: String
    let size: Int
  }

  let type: String
  let path: String
  let oid: String?
  let size: Int?
  let lfs: Large?
}

extension HubReference {
  /// Where the hub's interface has the repository.
  var modelPath: [String] {
    ["api", "models"] + repository.split(separator: "/").map(String.init)
  }

  /// Whether the revision is a commit in full.
  var isCommit: Bool { Self.isCommit(revision) }

  static func isCommit(_ text: String) -> Bool {
    if case .gitBlob = HubDigest(text) { true } else { false }
  }
}
