/// A file of a repository at one commit.
public struct HubFile: Sendable, Hashable {
  /// Below the repository's root, with slashes.
  public let path: String
  public let byteCount: Int
  /// The hub's digest of its bytes, which also names it in the cache.
  public let digest: HubDigest

  public init(path: String, byteCount: Int, digest: HubDigest) {
    self.path = path
    self.byteCount = byteCount
    self.digest = digest
  }

  /// The last part of the path.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// How the hub names the content of a file.
public enum HubDigest: Sendable, Hashable {
  /// SHA-256 of the bytes, in 64 lowercase hexadecimal digits: large files.
  case sha256(String)
  /// Git's name of a blob: SHA-1 of `blob SIZE`, a zero byte and the bytes, in 40 digits.
  case gitBlob(String)

  /// The digits.
  public var text: String {
    switch self {
    case .sha256(let text), .gitBlob(let text): text
    }
  }

  /// `nil` for what is neither.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return nil
    }
    switch text.utf8.count {
    case 64: self = .sha256(text)
    case 40: self = .gitBlob(text)
    default: return nil
    }
  }
}

/// The files of a repository at one commit.
public struct HubListing: Sendable {
  /// In 40 hexadecimal digits.
  public let commit: String
  public let files: [HubFile]
}
