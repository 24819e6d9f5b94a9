import CCurl

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One connection, kept open between requests. One thread at a time may use it.
///
/// Bytes are handed on as they come and never gathered, so that a body of any size takes no memory.
/// libcurl honours `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` by itself.
final class HTTPConnection {
  private let handle: UnsafeMutableRawPointer?

  /// What must happen once, before the first connection.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init() { handle = Self.isReady ? curl_easy_init() : nil }

  deinit { if let handle { curl_easy_cleanup(handle) } }

  /// Sends one request; redirects are answers like any other.
  ///
  /// - Parameters:
  ///   - acceptsBody: Judges the head of the answer: whether its body is wanted. An error ends the exchange.
  ///   - body: Takes the body's bytes, in order. An error ends the exchange.
  /// - Throws: ``TransferError``, or what the closures throw.
  func send(
    _ request: HTTPRequest, acceptsBody: @escaping (HTTPHead) throws -> Bool,
    body: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws -> HTTPHead {
    guard let curl = handle else { throw TransferError.unavailable }
    let exchange = HTTPExchange(acceptsBody: acceptsBody, body: body)
    curl_easy_reset(curl)
    var fields: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(fields) }
    for (name, value) in request.fields { fields = curl_slist_append(fields, "\(name): \(value)") }
    set(curl, request, fields)
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    ccurl_set_pointer(curl, CURLOPT_HEADERDATA, context)
    ccurl_set_pointer(curl, CURLOPT_WRITEDATA, context)
    ccurl_set_sink(curl, CURLOPT_HEADERFUNCTION, receiveHeader)
    ccurl_set_sink(curl, CURLOPT_WRITEFUNCTION, receiveBody)
    let code = withoutBrokenPipeSignal {
      withExtendedLifetime(exchange) { curl_easy_perform(curl) }
    }
    if let failure = exchange.failure { throw failure }
    guard code == CURLE_OK || exchange.endedEarly, var head = exchange.head else {
      throw TransferError.broken(
        reason: String(cString: curl_easy_strerror(code))
          + (Origin(request.address).map { " (\($0.host))" } ?? ""),
        mayPass: !TransferError.lasting.contains(code.rawValue))
    }
    try exchange.judge()
    head.redirect = ccurl_redirect(curl).map { String(cString: $0) }
    return head
  }

  private func set(
    _ curl: UnsafeMutableRawPointer, _ request: HTTPRequest,
    _ fields: UnsafeMutablePointer<curl_slist>?
  ) {
    ccurl_set_text(curl, CURLOPT_URL, request.address)
    ccurl_set_text(curl, CURLOPT_USERAGENT, "quern/0.1.0")
    ccurl_set_list(curl, CURLOPT_HTTPHEADER, fields)
    ccurl_set_long(curl, CURLOPT_NOBODY, request.isHead ? 1 : 0)
    // Redirects are ours to judge, so that the token stays with its host.
    ccurl_set_long(curl, CURLOPT_FOLLOWLOCATION, 0)
    // Only these two, whatever an address or a redirect says.
    ccurl_set_long(
      curl, CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP) | Int(CURLPROTO_HTTPS))
    ccurl_set_long(curl, CURLOPT_NOSIGNAL, 1)
    // A proxy's own answer is not the hub's.
    ccurl_set_long(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    ccurl_set_long(curl, CURLOPT_CONNECTTIMEOUT, 20)
    // A connection that brings nothing for so long is given up, and tried again.
    ccurl_set_long(curl, CURLOPT_LOW_SPEED_LIMIT, 1)
    ccurl_set_long(curl, CURLOPT_LOW_SPEED_TIME, request.patience)
    ccurl_set_long(curl, CURLOPT_TCP_KEEPALIVE, 1)
    ccurl_set_long(curl, CURLOPT_BUFFERSIZE, 256 << 10)
    if let bundle = request.certificates { ccurl_set_text(curl, CURLOPT_CAINFO, bundle) }
  }
}

private let receiveHeader: CCurlSink = { bytes, size, count, context in
  guard let bytes, let context else { return 0 }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return exchange.receive(header: line) ? size * count : 0
}

private let receiveBody: CCurlSink = { bytes, size, count, context in
  guard let bytes, let context else { return 0 }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
  let part = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return exchange.receive(body: part) ? size * count : 0
}

/// Runs `body` on a thread that a peer's hanging up does not end: writing to it is an error then.
private func withoutBrokenPipeSignal<Value>(_ body: () -> Value) -> Value {
  var signals = sigset_t()
  var before = sigset_t()
  var pending = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGPIPE)
  sigpending(&pending)
  let waited = sigismember(&pending, SIGPIPE) == 1
  pthread_sigmask(SIG_BLOCK, &signals, &before)
  let value = body()
  sigpending(&pending)
  if !waited, sigismember(&pending, SIGPIPE) == 1 {
    var signal: Int32 = 0
    sigwait(&signals, &signal)
  }
  pthread_sigmask(SIG_SETMASK, &before, nil)
  return value
}
