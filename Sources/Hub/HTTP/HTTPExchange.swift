/// What is asked of a server.
struct HTTPRequest {
  var address: String
  var fields: [(name: String, value: String)] = []
  /// Whether only the head of the answer is wanted.
  var isHead = false
  /// Seconds without a byte after which the connection is given up.
  var patience = 30
  /// A file of the certificates to trust in place of the system's.
  var certificates: String?
}

/// How an answer begins.
struct HTTPHead: Sendable {
  var status = 0
  /// By lowercase name; of several fields of one name, the last.
  fileprivate(set) var fields: [String: String] = [:]
  /// The address that a redirect leads to, in full.
  var redirect: String?

  subscript(_ name: String) -> String? { fields[name.lowercased()] }

  /// Whether the answer only points elsewhere.
  var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

  var isSuccess: Bool { (200..<300).contains(status) }

  /// The number of bytes that follow, when it is told.
  var byteCount: Int? { self["content-length"].flatMap { Int($0) } }
}

/// One request and its answer, while it comes in.
final class HTTPExchange {
  private let acceptsBody: (HTTPHead) throws -> Bool
  private let body: (UnsafeRawBufferPointer) throws -> Void
  private(set) var head: HTTPHead?
  private(set) var failure: (any Error)?
  /// Whether more of an unwanted body came than anyone reads.
  private(set) var endedEarly = false
  private var coming = HTTPHead()
  private var isWanted: Bool?
  private var skippedByteCount = 0

  /// Fields of one answer; more are no hub's.
  private static let fieldLimit = 500

  /// Bytes of an unwanted body that are read away, so that the connection can serve again.
  private static let skipLimit = 64 << 10

  init(
    acceptsBody: @escaping (HTTPHead) throws -> Bool,
    body: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    self.acceptsBody = acceptsBody
    self.body = body
  }

  /// - Returns: Whether the exchange goes on.
  func receive(header line: UnsafeRawBufferPointer) -> Bool {
    let text = String(decoding: line, as: UTF8.self).trimming
    if text.hasPrefix("HTTP/") {
      coming = HTTPHead()
      coming.status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      return true
    }
    if text.isEmpty {
      // What comes before the answer proper, and what follows a body in chunks.
      guard coming.status >= 200, head == nil else { return true }
      head = coming
      return true
    }
    guard coming.fields.count < Self.fieldLimit, let colon = text.firstIndex(of: ":") else {
      return coming.fields.count < Self.fieldLimit
    }
    coming.fields[text[..<colon].lowercased()] = String(text[text.index(after: colon)...]).trimming
    return true
  }

  /// - Returns: Whether the exchange goes on.
  func receive(body part: UnsafeRawBufferPointer) -> Bool {
    do {
      guard try judge() else {
        skippedByteCount += part.count
        endedEarly = skippedByteCount > Self.skipLimit
        return !endedEarly
      }
      try body(part)
      return true
    } catch {
      failure = error
      return false
    }
  }

  /// Whether the body is wanted, judged once: when its first byte comes, or at the end when none came.
  @discardableResult func judge() throws -> Bool {
    if let isWanted { return isWanted }
    let verdict = try acceptsBody(head ?? coming)
    isWanted = verdict
    return verdict
  }
}

extension String {
  fileprivate var trimming: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
