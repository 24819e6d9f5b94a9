import MappedFiles
public import SystemPackage

/// Why something could not be had from the hub.
public struct HubError: FileProblem {
  public enum Reason: Sendable, Hashable {
    case badReference(String, why: String)
    /// - Parameter tokenWasSent: Whether we said who we are.
    case noSuchRepository(tokenWasSent: Bool)
    /// The repository asks its readers to accept terms first.
    case gated(tokenWasSent: Bool, page: String)
    case tokenRefused
    case forbidden(String)
    case noSuchRevision(String)
    case noSuchFile(String)
    /// No GGUF of the type that is wanted, or several; with what there is.
    case noChoice(String, found: [String])
    case ambiguousChoice(String?, found: [String])
    case nothingChosen
    /// A set of files lacks some.
    case incomplete(String, missing: String)
    case unsafePath(String)
    case malformed(String)
    case transfer(String, file: String?, isUnreachable: Bool)
    /// The bytes are not what the hub's digest says.
    case wrongDigest(file: String, expected: String, found: String)
    case noRoom(folder: String, needed: Int, free: Int)
    /// Nothing may be asked of the network, and the cache does not have it.
    case notCached(String)
  }

  /// `ORG/NAME`
  public let repository: String?
  public let reason: Reason

  public var path: FilePath? { repository.map { FilePath($0) } }

  init(_ repository: String?, _ reason: Reason) {
    self.repository = repository
    self.reason = reason
  }

  /// Whether the hub does not have what was asked.
  var isAbsence: Bool {
    switch reason {
    case .noSuchRepository, .noSuchRevision, .noSuchFile: true
    default: false
    }
  }

  /// Whether nobody answered, as without a network.
  var isUnreachable: Bool {
    if case .transfer(_, _, let isUnreachable) = reason { isUnreachable } else { false }
  }
}

extension HubError: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .badReference(let text, let why): "not a model of the hub: '\(text)' (\(why))"
    case .noSuchRepository: "no such repository, or one that is private"
    case .gated: "the repository is gated: its owner asks readers to accept terms"
    case .tokenRefused: "the hub refused the token"
    case .forbidden(let why): "the hub forbids it" + (why.isEmpty ? "" : ": \(why)")
    case .noSuchRevision(let revision): "no such revision: \(revision)"
    case .noSuchFile(let path): "no such file in the repository: \(path)"
    case .noChoice(let type, let found):
      "no GGUF of type \(type)" + Self.list(found, if: "found")
    case .ambiguousChoice(let type, let found):
      (type.map { "several GGUFs of type \($0)" } ?? "several GGUFs, expected the choice of one")
        + Self.list(found, if: "found")
    case .nothingChosen: "no file of the repository is chosen"
    case .incomplete(let what, let missing): "\(what) is not complete: \(missing) is missing"
    case .unsafePath(let path): "the hub names a file outside its folder: \(path)"
    case .malformed(let what): "not an answer of a hub: \(what)"
    case .transfer(let why, let file, _): (file.map { "\($0): " } ?? "") + why
    case .wrongDigest(let file, let expected, let found):
      "\(file): the bytes are not the hub's (expected digest \(expected), found \(found))"
    case .noRoom(let folder, let needed, let free):
      "not enough room in \(folder) (expected \(needed) bytes free, found \(free))"
    case .notCached(let what): "\(what) is not in the cache, and the hub is not asked"
    }
  }

  private static func list(_ found: [String], if title: String) -> String {
    found.isEmpty ? "" : " (\(title) \(found.joined(separator: ", ")))"
  }

  /// What to do about it, where that is known.
  public var advice: String? {
    switch reason {
    case .noSuchRepository(let tokenWasSent):
      tokenWasSent
        ? "check the name, and that the token may read it"
        : "check the name; a private one needs a token in HF_TOKEN or --token"
    case .gated(let tokenWasSent, let page):
      tokenWasSent
        ? "ask for access at \(page), then pull again"
        : "ask for access at \(page), then set HF_TOKEN to your token"
    case .tokenRefused: "look at HF_TOKEN, --token and the file that hf auth login wrote"
    case .noChoice, .ambiguousChoice: "name one: \(repository ?? "ORG/NAME"):TYPE, or its file"
    case .transfer(_, _, let isUnreachable):
      isUnreachable
        ? "look at the network, HF_ENDPOINT and HTTPS_PROXY; the same command goes on from here"
        : "the same command goes on from here"
    case .noRoom: "free some, or name another folder with HF_HUB_CACHE"
    case .notCached: "without HF_HUB_OFFLINE it is downloaded"
    default: nil
    }
  }
}
