import MappedFiles
import SystemPackage

/// The top-level texts and lists of texts in the front matter of a `README.md`.
///
/// The front matter is YAML; what is not a plain `key: text`, `key: [a, b]` or a list of `- text` under its key
/// is left out, for nothing depends on it.
struct ModelCard: Sendable {
  private var values: [String: [String]] = [:]
  private var lists: Set<String> = []

  /// Reads no more than this much, for a front matter is short.
  private static let byteCountLimit = 1 << 20

  init(folder: FilePath) throws {
    do throws(FileError) {
      let bytes = try MappedFile.contents(
        of: folder.appending("README.md"), limit: Self.byteCountLimit)
      self.init(String(decoding: bytes, as: UTF8.self))
    } catch {
      guard error.isMissingFile else { throw error }
      self.init("")
    }
  }

  init(_ text: String) {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
    guard lines.popFirst() == "---" else { return }
    var key: String?
    for line in lines {
      if line == "---" { break }
      if line.first == "#" || line.allSatisfy(\.isWhitespace) { continue }
      if let item = Self.item(line) {
        if let key, let item = Self.scalar(item) {
          values[key, default: []].append(item)
          lists.insert(key)
        }
      } else if line.first?.isWhitespace == false, let colon = line.firstIndex(of: ":") {
        key = nil
        let name = String(line[..<colon])
        let rest = line[line.index(after: colon)...].trimmed
        if rest.isEmpty {
          key = name
        } else if rest.hasPrefix("["), rest.hasSuffix("]") {
          values[name] = rest.dropFirst().dropLast().split(separator: ",").compactMap {
            Self.scalar($0.trimmed)
          }
          lists.insert(name)
        } else if let text = Self.scalar(rest) {
          values[name] = [text]
        }
      } else {
        key = nil  // something nested
      }
    }
  }

  /// The text after `- `, at any depth of indentation.
  private static func item(_ line: Substring) -> Substring? {
    let line = line.trimmed
    return line.hasPrefix("- ") ? line.dropFirst(2).trimmed : nil
  }

  private static func scalar(_ text: Substring) -> String? {
    for quote: Character in ["\"", "'"] where text.count >= 2 && text.first == quote {
      return text.last == quote ? String(text.dropFirst().dropLast()) : nil
    }
    let isPlain = text.first.map { !"[{|>&*!%@`".contains($0) } ?? false
    return isPlain && !text.contains(": ") && !text.hasSuffix(":") ? String(text) : nil
  }

  /// One text; `nil` when there is none or a list.
  func text(_ key: String) -> String? { lists.contains(key) ? nil : values[key]?.first }

  /// A list, of one where the card has a single text.
  func list(_ key: String) -> [String]? { values[key] }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let start = drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
