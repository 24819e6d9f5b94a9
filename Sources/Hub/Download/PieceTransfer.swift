import Foundation
import MappedFiles

/// Fetches pieces of files over one connection, slab by slab.
///
/// What came of a slab stays in the buffer while a dropped connection is made again.
final class PieceTransfer {
  private let client: HubClient
  private let reference: HubReference
  private let commit: String
  private let connection = HTTPConnection()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: BlobDownload.slabByteCount, alignment: 16)
  /// Where the buffer's first byte belongs, how many it holds, and where the piece ends.
  private var start = 0
  private var filled = 0
  private var end = 0
  /// Bytes of an answer that come before those we want.
  private var ahead = 0

  /// Tries without a byte before a piece counts as failed.
  private static let retryLimit = 8

  init(_ client: HubClient, _ reference: HubReference, commit: String) {
    self.client = client
    self.reference = reference
    self.commit = commit
  }

  deinit { buffer.deallocate() }

  private var place: Int { start + filled }

  /// Fetches a claimed piece, and gives back what it could not fetch.
  ///
  /// - Parameters:
  ///   - received: Hears of bytes as they come; an error from it ends the transfer.
  ///   - pause: Waits; so does an error from it.
  /// - Throws: ``HubError``, ``FileError``, or what the closures throw.
  func fetch(
    _ piece: Range<Int>, of download: BlobDownload, received: @escaping (Int) throws -> Void,
    pause: (Double, TransferError) throws -> Void
  ) throws {
    (start, filled, end) = (piece.lowerBound, 0, piece.upperBound)
    defer {
      // A slab that is not full is fetched again by whoever claims it.
      try? received(-filled)
      download.release(start..<end)
    }
    var patience = Patience(
      limit: Self.retryLimit, firstPause: client.firstPause, longestWait: 300)
    while place < end {
      let before = place
      do {
        try request(download, received: received)
        guard place == end else {
          throw TransferError.tooShort(expected: end - before, found: place - before)
        }
      } catch let error as TransferError {
        if error == .ignoresRanges {
          download.noteIgnoredRanges()
          return
        }
        if place > before { patience.renew() }
        let hadAddress = download.address != nil
        download.address = nil
        // An address that was kept may have run out; the hub gives another.
        let passing =
          hadAddress && !error.mayPass ? TransferError.busy(status: 0, seconds: 0) : error
        guard let seconds = patience.wait(after: passing) else {
          throw HubError(reference.repository, of: error, file: download.file.path)
        }
        try pause(seconds, error)
      }
    }
  }

  private func request(_ download: BlobDownload, received: @escaping (Int) throws -> Void) throws {
    let isWhole = download.ignoresRanges || place == 0 && end == download.file.byteCount
    let kept = download.address
    var request = HTTPRequest(
      address: kept ?? client.fileAddress(download.file.path, of: reference, commit: commit))
    if !isWhole {
      request.fields.append(("Range", "bytes=\(place)-\(end - 1)"))
      if let origin = Origin(request.address), let tag = download.tag(at: origin) {
        request.fields.append(("If-Range", tag))
      }
    }
    let (head, address) = try client.send(
      request, on: connection,
      passes: { try self.check($0, download.file) },
      accepts: { head, address in
        guard head.isSuccess else { return false }
        try download.check(tag: head["etag"], at: Origin(address))
        try self.begin(head, download, isWhole: isWhole)
        return true
      },
      body: { part in try self.take(part, download, received) })
    guard head.isSuccess else {
      let isHub = Origin(address) == Origin(client.endpoint)
      throw isHub
        ? client.refusal(head, reference, file: download.file.path) : head.refusal
    }
    if kept == nil, Origin(address) != Origin(client.endpoint) { download.address = address }
  }

  /// Checks what the hub says of the file against the listing.
  private func check(_ head: HTTPHead, _ file: HubFile) throws {
    if let commit = head["x-repo-commit"], commit != self.commit {
      throw TransferError.changed(expected: "commit \(self.commit)", found: commit)
    }
    if head["x-linked-etag"] != nil, let name = head.contentName, name != file.digest.text {
      throw TransferError.changed(expected: "digest \(file.digest.text)", found: name)
    }
    if let text = head["x-linked-size"], text != String(file.byteCount) {
      throw TransferError.changed(expected: "\(file.byteCount) bytes", found: text)
    }
  }

  /// Judges the head of an answer with bytes.
  private func begin(_ head: HTTPHead, _ download: BlobDownload, isWhole: Bool) throws {
    let file = download.file
    try check(head, file)
    if let encoding = head["content-encoding"], encoding.lowercased() != "identity" {
      throw TransferError.encoded(encoding)
    }
    guard head.status == 206 else {
      guard isWhole else { throw TransferError.ignoresRanges }
      if let count = head.byteCount, count != file.byteCount {
        throw TransferError.wrongRange(
          expected: "\(file.byteCount) bytes", found: "\(count) bytes")
      }
      ahead = place
      return
    }
    let found = head["content-range"] ?? "no Content-Range"
    let expected = "bytes \(place)-\(end - 1)/\(file.byteCount)"
    guard !isWhole, Self.isRange(found, of: place..<end, in: file.byteCount) else {
      throw TransferError.wrongRange(expected: expected, found: found)
    }
    ahead = 0
  }

  /// Whether `bytes FIRST-LAST/TOTAL` begins where it must and ends not later.
  private static func isRange(_ text: String, of range: Range<Int>, in byteCount: Int) -> Bool {
    guard let match = text.wholeMatch(of: /bytes\s+(\d+)-(\d+)\/(\d+|\*)/),
      let first = Int(match.1), let last = Int(match.2)
    else { return false }
    return first == range.lowerBound && first <= last && last < range.upperBound
      && (match.3 == "*" || Int(match.3) == byteCount)
  }

  private func take(
    _ part: UnsafeRawBufferPointer, _ download: BlobDownload, _ received: (Int) throws -> Void
  ) throws {
    let skipped = min(ahead, part.count)
    ahead -= skipped
    var part = UnsafeRawBufferPointer(rebasing: part.dropFirst(skipped))
    while !part.isEmpty {
      guard place < end else { throw TransferError.tooLong(expected: end) }
      let room = min(buffer.count, end - start) - filled
      let count = min(room, part.count)
      UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: part.prefix(count)))
      filled += count
      try received(count)
      part = UnsafeRawBufferPointer(rebasing: part.dropFirst(count))
      guard count == room else { continue }
      try download.write(UnsafeRawBufferPointer(rebasing: buffer.prefix(filled)), at: start)
      start += filled
      filled = 0
    }
  }
}
