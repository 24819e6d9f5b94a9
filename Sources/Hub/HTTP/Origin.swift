import CCurl

/// Scheme, host and port of an address, as the library that sends the request reads them: two readers that
/// differ would let a token go astray.
struct Origin: Hashable {
  let scheme: String
  let host: String
  let port: String

  /// `nil` when it is no http or https address.
  init?(_ address: String) {
    guard let parts = curl_url() else { return nil }
    defer { curl_url_cleanup(parts) }
    guard curl_url_set(parts, CURLUPART_URL, address, 0) == CURLUE_OK,
      let scheme = Self.part(CURLUPART_SCHEME, of: parts, flags: 0),
      scheme == "https" || scheme == "http",
      let host = Self.part(CURLUPART_HOST, of: parts, flags: 0),
      let port = Self.part(CURLUPART_PORT, of: parts, flags: CURLU_DEFAULT_PORT)
    else { return nil }
    self.scheme = scheme
    self.host = host.lowercased()
    self.port = port
  }

  private static func part(_ part: CURLUPart, of parts: OpaquePointer, flags: Int32) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parts, part, &text, UInt32(flags)) == CURLUE_OK, let text else {
      return nil
    }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
