import Foundation
public import SystemPackage

/// Where the hub is, where its cache is and who asks: what `huggingface_hub` reads from the environment, by
/// the same names.
public struct HubEnvironment: Sendable {
  /// `HF_ENDPOINT`, without a slash at its end.
  public var endpoint: String
  /// `HF_HUB_CACHE`: the folder that holds `models--ORG--NAME`.
  public var cache: FilePath
  /// `HF_TOKEN`, or what `hf auth login` left. Sent to the endpoint alone.
  public var token: String?
  /// `HF_HUB_OFFLINE`: nothing is asked of the network.
  public var isOffline: Bool
  /// `HF_HUB_DISABLE_SYMLINKS`: snapshots hold copies.
  public var usesLinks: Bool
  /// A file of certificates to trust in place of the system's.
  public var certificates: String?
  /// Seconds before a failed request is tried again the first time; then twice as long each time.
  public var firstPause = 0.25

  public init(_ variables: [String: String] = ProcessInfo.processInfo.environment) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
    }
    func path(_ text: String) -> String { Self.expanded(text, variables) }
    endpoint = (value("HF_ENDPOINT") ?? "https://huggingface.co").trimmingSlashes
    let home = path(
      value("HF_HOME") ?? (value("XDG_CACHE_HOME") ?? "~/.cache") + "/huggingface")
    cache = FilePath(path(value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? home + "/hub"))
    isOffline = Self.isTrue(value("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    usesLinks = !Self.isTrue(value("HF_HUB_DISABLE_SYMLINKS"))
    certificates = value("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    token = Self.clean(value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))
    if token == nil, !Self.isTrue(value("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      let file = path(value("HF_TOKEN_PATH") ?? home + "/token")
      token = Self.clean(try? String(contentsOfFile: file, encoding: .utf8))
    }
  }

  /// A token without the white space that copying brings; `nil` for what cannot stand in a header.
  static func clean(_ token: String?) -> String? {
    let token = token?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    return token.isEmpty || !token.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? nil : token
  }

  /// `~` and `$NAME` as a shell has them.
  private static func expanded(_ text: String, _ variables: [String: String]) -> String {
    var text = text
    if text == "~" || text.hasPrefix("~/") {
      text = (variables["HOME"] ?? NSHomeDirectory()) + text.dropFirst()
    }
    return text.replacing(/\$(?:\{(\w+)\}|(\w+))/) { match in
      variables[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
    }
  }

  private static func isTrue(_ text: String?) -> Bool {
    ["1", "ON", "YES", "TRUE"].contains(text?.uppercased() ?? "")
  }
}

extension String {
  fileprivate var trimmingSlashes: String {
    var text = self[...]
    while text.hasSuffix("/") { text.removeLast() }
    return String(text)
  }
}
