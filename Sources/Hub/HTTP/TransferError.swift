import CCurl

/// Why an exchange with a server did not come to its end.
enum TransferError: Error, Hashable {
  /// libcurl could not be set up.
  case unavailable
  /// - Parameter mayPass: Whether the same request may succeed another time.
  case broken(reason: String, mayPass: Bool)
  /// The server answered, and not with what was asked.
  case status(Int)
  /// It asks us to wait.
  case busy(status: Int, seconds: Double?)
  /// `Content-Range`, or the length of the body, is not what was asked.
  case wrongRange(expected: String, found: String)
  /// More bytes came than the file has.
  case tooLong(expected: Int)
  /// Fewer.
  case tooShort(expected: Int, found: Int)
  /// A body that is packed, though none was asked for.
  case encoded(String)
  /// The server does not serve parts of this file.
  case ignoresRanges
  /// Another file stands behind the address than the listing said.
  case changed(expected: String, found: String)
  case tooManyRedirects(limit: Int)
  /// A redirect to what is not fetched: from https to http, or to another protocol.
  case badRedirect
  /// An answer of the hub that is not what its interface says.
  case malformed(String)

  /// Failures that another try does not mend: no TLS, certificates, addresses, protocols.
  static let lasting: Set<UInt32> = Set(
    [
      CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_SSL_CACERT_BADFILE,
      CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
    ].map(\.rawValue))

  /// Whether another try may bring it.
  var mayPass: Bool {
    switch self {
    case .broken(_, let mayPass): mayPass
    case .status(let status): status == 408 || status >= 500
    case .busy, .wrongRange, .tooShort, .tooLong, .ignoresRanges, .encoded: true
    case .unavailable, .changed, .tooManyRedirects, .badRedirect, .malformed: false
    }
  }

  /// Whether nobody answered at all, as without a network.
  var isUnreachable: Bool { if case .broken = self { true } else { false } }
}

extension TransferError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unavailable: "libcurl cannot be set up"
    case .broken(let reason, _):
      // A sentence starts small in the middle of a line, an abbreviation does not.
      reason.dropFirst().first?.isLowercase == true
        ? reason.prefix(1).lowercased() + reason.dropFirst() : reason
    case .status(let status): "the server answered \(status)"
    case .busy(let status, let seconds):
      "the server answered \(status)"
        + (seconds.map { " and asks to wait \(Int($0.rounded(.up))) s" } ?? "")
    case .wrongRange(let expected, let found):
      "the server sent another range (expected \(expected), found \(found))"
    case .tooLong(let expected): "the server sent more than the \(expected) bytes asked for"
    case .tooShort(let expected, let found):
      "the connection ended early (expected \(expected) bytes, found \(found))"
    case .encoded(let encoding): "the server sent a packed body (\(encoding)), expected plain bytes"
    case .ignoresRanges: "the server sends no parts of files"
    case .changed(let expected, let found):
      "the file changed on the server (expected \(expected), found \(found))"
    case .tooManyRedirects(let limit): "more than \(limit) redirects"
    case .badRedirect: "a redirect to an address that is not fetched"
    case .malformed(let what): "not an answer of a hub: \(what)"
    }
  }
}
