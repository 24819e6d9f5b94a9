extension HubClient {
  /// The files of a commit as its own description lists them, for hubs that do not show the tree. What the
  /// description leaves out of a file is asked of the file.
  func siblings(
    of reference: HubReference, commit: String, on connection: HTTPConnection
  ) throws -> [HubFile] {
    let (_, body) = try answer(
      address(reference.modelPath + ["revision", commit], query: "blobs=true"), reference,
      on: connection)
    let described = try Self.decoded(Description.self, body).siblings
    return try described.map { sibling in
      if let digest = sibling.lfs?.sha256 ?? sibling.blobId,
        let byteCount = sibling.lfs?.size ?? sibling.size
      {
        return try HubFile(
          checking: sibling.rfilename, byteCount: byteCount, digest: digest, of: reference)
      }
      return try patiently { try head(of: sibling.rfilename, reference, commit, on: connection) }
    }
  }

  /// Size and digest of a file, from the head of its address.
  private func head(
    of path: String, _ reference: HubReference, _ commit: String, on connection: HTTPConnection
  ) throws -> HubFile {
    guard RepositoryPath.isSafe(path) else {
      throw HubError(reference.repository, .unsafePath(path))
    }
    var request = HTTPRequest(address: fileAddress(path, of: reference, commit: commit))
    request.isHead = true
    var linked: HTTPHead?
    let (last, _) = try send(
      request, on: connection,
      passes: { head in if head["x-linked-etag"] != nil { linked = head } },
      accepts: { _, _ in true })
    let head = linked ?? last
    guard linked != nil || last.isSuccess else { throw refusal(last, reference, file: path) }
    guard let name = head.contentName,
      let byteCount = head["x-linked-size"].flatMap({ Int($0) }) ?? head.byteCount
    else { throw TransferError.malformed("no digest or size of \(path)") }
    return try HubFile(checking: path, byteCount: byteCount, digest: name, of: reference)
  }

  /// Where the bytes of a file are had.
  func fileAddress(_ path: String, of reference: HubReference, commit: String) -> String {
    func parts(_ text: String) -> [String] { text.split(separator: "/").map(String.init) }
    return address(parts(reference.repository) + ["resolve", commit] + parts(path))
  }
}

/// `/api/models/ORG/NAME/revision/REVISION?blobs=true`, as far as we read it.
private struct Description: Decodable {
  struct Sibling: Decodable {
    struct Large: Decodable {
      let sha256: String?
      let size: Int?
    }

    let rfilename: String
    let size: Int?
    let blobId: String?
    let lfs: Large?
  }

  let siblings: [Sibling]
}
