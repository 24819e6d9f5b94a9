/// What a person names on the hub: `ORG/NAME`, with a revision and a choice of files.
///
///     Qwen/Qwen2.5-0.5B-Instruct
///     ORG/NAME-GGUF:Q4_K_M            the file of that type, or its parts
///     ORG/NAME:folder/file.gguf       that file; a folder with a slash at its end
///     ORG/NAME@REVISION               a branch, a tag or a commit
///     hf:ORG/NAME, hf://ORG/NAME/file, https://huggingface.co/ORG/NAME/blob/main/file.gguf
public struct HubReference: Sendable, Hashable {
  /// `ORG/NAME`, or a bare `NAME` of the hub's early days.
  public let repository: String
  /// A branch, a tag or a commit; `main` where none is named.
  public var revision: String
  /// The file, folder or type that is wanted; all of the checkpoint without.
  public let choice: String?

  /// - Throws: ``HubError`` with `.badReference`.
  public init(_ text: String) throws(HubError) {
    func bad(_ why: String) -> HubError { HubError(nil, .badReference(text, why: why)) }
    var rest = Substring(text)
    let address = Self.takePrefix(of: &rest, text)
    if address == .page, let end = rest.firstIndex(where: { "?#".contains($0) }) {
      rest = rest[..<end]
    }
    while rest.hasSuffix("/"), rest.filter({ $0 == "/" }).count <= 2, !rest.contains(":") {
      rest.removeLast()
    }
    if address == .plain, rest.contains("://") { throw bad("not the address of a model") }
    let nameEnd = Self.nameEnd(in: rest)
    let name = rest[..<nameEnd]
    guard Self.isName(name) else {
      throw bad("expected ORG/NAME of letters, digits, '-', '_' and '.'")
    }
    if ["datasets", "spaces"].contains(name.split(separator: "/").first), name.contains("/") {
      throw bad("only models are pulled, no datasets or spaces")
    }
    var revision: Substring?
    var choice: Substring?
    let tail = rest[nameEnd...]
    if tail.hasPrefix("/") {
      guard address != .plain else { throw bad("a file follows the name after ':'") }
      (revision, choice) = address == .page ? Self.pagePath(tail) : (nil, tail.dropFirst())
      if address == .page, revision == nil { throw bad("not the page of a model, folder or file") }
    } else if tail.hasPrefix("@") {
      let parts = tail.dropFirst().split(
        separator: address == .uri ? "/" : ":", maxSplits: 1, omittingEmptySubsequences: false)
      revision = parts.first
      choice = parts.count > 1 ? parts[1] : nil
    } else if tail.hasPrefix(":") {
      choice = tail.dropFirst()
      if let at = choice?.lastIndex(of: "@") {
        revision = choice?[at...].dropFirst()
        choice = choice?[..<at]
      }
    }
    repository = String(name)
    self.revision = revision.map(String.init) ?? "main"
    self.choice = choice.flatMap { $0.isEmpty ? nil : String($0) }
    guard Self.isRevision(self.revision) else { throw bad("not a revision: '\(self.revision)'") }
    if choice?.isEmpty == true, !tail.hasPrefix("/") { throw bad("nothing stands behind ':'") }
  }

  /// The same at another revision, when one is given.
  ///
  /// - Throws: ``HubError`` with `.badReference`.
  public func at(_ revision: String?) throws(HubError) -> HubReference {
    guard let revision else { return self }
    guard Self.isRevision(revision) else {
      throw HubError(nil, .badReference(revision, why: "not a revision"))
    }
    var reference = self
    reference.revision = revision
    return reference
  }

  /// Whether an argument that may be a path names the hub: `hf:…` or the address of a page.
  public static func isReference(_ text: String) -> Bool {
    text.hasPrefix("hf:") || pageHosts.contains { text.hasPrefix($0) }
  }

  private enum Form { case plain, uri, page }

  private static let pageHosts = [
    "https://huggingface.co/", "https://hf.co/", "https://www.huggingface.co/",
    "http://huggingface.co/",
  ]

  private static func takePrefix(of rest: inout Substring, _ text: String) -> Form {
    if let host = pageHosts.first(where: { text.hasPrefix($0) }) {
      rest = rest.dropFirst(host.count)
      return .page
    }
    for host in ["huggingface.co/", "hf.co/"] where text.hasPrefix(host) {
      rest = rest.dropFirst(host.count)
      return .page
    }
    if text.hasPrefix("hf://") {
      rest = rest.dropFirst(5)
      if rest.hasPrefix("models/"), rest.filter({ $0 == "/" }).count > 1 {
        rest = rest.dropFirst(7)
      }
      return .uri
    }
    if text.hasPrefix("hf:") { rest = rest.dropFirst(3) }
    return .plain
  }

  /// Where `ORG/NAME` ends: at `@` or `:`, or at the second slash.
  private static func nameEnd(in text: Substring) -> Substring.Index {
    let mark = text.firstIndex { "@:".contains($0) } ?? text.endIndex
    guard let first = text[..<mark].firstIndex(of: "/") else { return mark }
    return text[text.index(after: first)..<mark].firstIndex(of: "/") ?? mark
  }

  /// `/tree/REVISION[/FOLDER]`, `/blob/REVISION/FILE` or `/resolve/REVISION/FILE`.
  private static func pagePath(_ path: Substring) -> (Substring?, Substring?) {
    let parts = path.dropFirst().split(
      separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count > 1, ["tree", "blob", "resolve", "raw"].contains(parts[0]) else {
      return (nil, nil)
    }
    let rest = parts.count > 2 ? unescaped(parts[2]) : ""
    let isFolder = parts[0] == "tree" && !rest.isEmpty && !rest.hasSuffix("/")
    return (unescaped(parts[1]), isFolder ? rest + "/" : rest)
  }

  private static func unescaped(_ text: Substring) -> Substring {
    text.removingPercentEncoding.map { $0[...] } ?? text
  }

  /// What the hub allows, and what is safe as the name of a folder.
  ///
  /// - Source: `validate_repo_id` of huggingface_hub 2.4.
  private static func isName(_ name: Substring) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), name.utf8.count <= 193, !name.contains("--"),
      !name.contains("..")
    else { return false }
    return parts.allSatisfy {
      $0.wholeMatch(of: /[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?/) != nil
    }
  }

  /// Branches, tags, commits and `refs/pr/1`; a name that is safe as a path below `refs`.
  private static func isRevision(_ name: String) -> Bool {
    name.utf8.count <= 250 && RepositoryPath.isSafe(name)
      && name.wholeMatch(of: /[A-Za-z0-9._\/+-]+/) != nil
  }
}

extension HubReference: CustomStringConvertible {
  public var description: String {
    repository + (revision == "main" ? "" : "@" + revision) + (choice.map { ":" + $0 } ?? "")
  }
}

/// A path inside a repository, which a server names and we write below a folder of ours.
enum RepositoryPath {
  /// Whether it stays below the folder that it is appended to.
  static func isSafe(_ path: String) -> Bool {
    guard !path.isEmpty, path.utf8.count <= 4000 else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { name in
      !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
        && !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }
  }
}
