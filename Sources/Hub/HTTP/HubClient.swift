import CCurl
import Foundation

/// Requests to one hub: redirects followed by our rules, and the token sent to the hub alone.
struct HubClient: Sendable {
  /// `https://huggingface.co`
  let endpoint: String
  private let token: String?
  /// Whether we say who we are.
  var hasToken: Bool { token != nil }
  private let certificates: String?
  let firstPause: Double
  private let origin: Origin?

  static let redirectLimit = 10

  init(_ environment: HubEnvironment) {
    endpoint = environment.endpoint
    token = HubEnvironment.clean(environment.token)
    certificates = environment.certificates
    firstPause = environment.firstPause
    origin = Origin(environment.endpoint)
  }

  /// The address under the endpoint of path components that are escaped here.
  func address(_ components: [String], query: String = "") -> String {
    let path = components.map { component in
      component.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? component
    }
    return endpoint + "/" + path.joined(separator: "/") + (query.isEmpty ? "" : "?" + query)
  }

  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  /// Sends a request and follows redirects.
  ///
  /// - Parameters:
  ///   - passes: Sees the head of every redirect.
  ///   - accepts: Judges the head of the last answer, and where it comes from.
  /// - Returns: The last answer's head, and where it came from.
  func send(
    _ request: HTTPRequest, on connection: HTTPConnection,
    passes: (HTTPHead) throws -> Void = { _ in },
    accepts: @escaping (HTTPHead, _ address: String) throws -> Bool,
    body: @escaping (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws -> (head: HTTPHead, address: String) {
    var address = request.address
    for _ in 0...Self.redirectLimit {
      var request = request
      request.address = address
      request.certificates = certificates
      request.fields.append(("Accept-Encoding", "identity"))
      guard let target = Origin(address) else { throw TransferError.badRedirect }
      if let token, target == origin { request.fields.append(("Authorization", "Bearer \(token)")) }
      let head = try connection.send(
        request, acceptsBody: { $0.isRedirect ? false : try accepts($0, address) }, body: body)
      guard head.isRedirect else { return (head, address) }
      try passes(head)
      guard let next = head.redirect, let nextOrigin = Origin(next),
        target.scheme == "http" || nextOrigin.scheme == "https"
      else { throw TransferError.badRedirect }
      address = next
    }
    throw TransferError.tooManyRedirects(limit: Self.redirectLimit)
  }

  /// A short answer as a whole.
  func contents(
    of address: String, on connection: HTTPConnection, limit: Int = 16 << 20
  ) throws -> (head: HTTPHead, body: Data) {
    let gathered = Gathered()
    let (head, _) = try send(
      HTTPRequest(address: address), on: connection,
      accepts: { head, _ in
        guard head.isSuccess else { return false }
        gathered.bytes.removeAll()
        return true
      },
      body: { part in
        guard gathered.bytes.count + part.count <= limit else {
          throw TransferError.tooLong(expected: limit)
        }
        gathered.bytes.append(contentsOf: part)
      })
    return (head, gathered.bytes)
  }

  private final class Gathered { var bytes = Data() }
}

extension HTTPHead {
  /// What an answer that is no success means for a request.
  var refusal: TransferError {
    status == 429 || status == 503 ? .busy(status: status, seconds: wait) : .status(status)
  }

  /// Seconds that the server asks to wait: `Retry-After` in seconds or as a date, or the hub's own
  /// `RateLimit: "api";r=0;t=55`.
  var wait: Double? {
    if let text = self["retry-after"] {
      if let seconds = Double(text), seconds.isFinite { return max(0, seconds) }
      let date = curl_getdate(text, nil)
      if date >= 0 { return max(0, Double(date) - Date().timeIntervalSince1970) }
    }
    guard status == 429, let text = self["ratelimit"] else { return nil }
    let fields = text.split(separator: ";").map { $0.split(separator: "=").map(String.init) }
    return fields.first { $0.count == 2 && $0[0].trimmingCharacters(in: .whitespaces) == "t" }
      .flatMap { Double($0[1].trimmingCharacters(in: .whitespaces)) }.map { max(0, $0) }
  }

  /// The hub's own name of a file's content: a SHA-256, or git's name of a blob.
  var contentName: String? {
    (self["x-linked-etag"] ?? self["etag"]).map { tag in
      (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...])
        .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
  }
}
