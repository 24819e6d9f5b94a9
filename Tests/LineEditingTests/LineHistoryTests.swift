import Foundation
import LineEditing
import SystemPackage
import TestSupport
import Testing

@Suite struct LineHistoryTests {
  @Test("What was said is there again in the next run, whatever lines and characters it has")
  func kept() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("state/history")
    var history = LineHistory(path: path)
    for text in ["one", "two\nlines", "\u{1B}\"漢\\", "  ", "\u{1B}\"漢\\"] { history.add(text) }
    #expect(history.entries == ["one", "two\nlines", "\u{1B}\"漢\\"])
    #expect(LineHistory(path: path).entries == history.entries)
  }

  @Test("Only its owner can read it")
  func permissions() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("history")
    var history = LineHistory(path: path)
    history.add("a secret")
    let attributes = try FileManager.default.attributesOfItem(atPath: path.string)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test("A file that something else wrote gives what can be read, and no more than the limit")
  func malformed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("history")
    let lines = (0..<1500).map { "\"\($0)\"" } + ["not json", "12", "\"last\""]
    _ = try folder.write(Array(lines.joined(separator: "\n").utf8), as: "history")
    let entries = LineHistory(path: path).entries
    #expect(entries.count == LineHistory.limit)
    #expect(entries.last == "last")
  }

  @Test("A history that cannot be kept is one for the program's time")
  func unwritable() {
    var history = LineHistory(path: "/dev/null/history")
    history.add("a")
    #expect(history.entries == ["a"])
  }
}
