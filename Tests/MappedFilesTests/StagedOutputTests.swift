import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

@Suite struct StagedOutputTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static func identity(_ text: String) -> Digest128 {
    Array(text.utf8).withUnsafeBytes { Digest128(of: $0) }
  }

  private func write(_ bytes: [UInt8], at offset: Int, to file: JournaledFile) throws {
    try bytes.withUnsafeBytes { try file.write($0, at: offset) }
  }

  @Test("A file takes its name at the commit, and nothing else stays behind")
  func commit() throws {
    let path = folder.path.appending("out")
    let output = try StagedOutput(path, form: .file, overwrite: false)
    let file = try output.open("", byteCount: 8, identity: Self.identity("a"))
    try write([1, 2, 3], at: 0, to: file)
    try write([4], at: 7, to: file)
    #expect(try folder.names == ["out.quern-journal", "out.quern-partial"])
    try output.commit([file])
    #expect(try folder.names == ["out"])
    #expect(try readBytes(path) == [1, 2, 3, 0, 0, 0, 0, 4])
  }

  @Test(
    "What took the final name meanwhile stays, unless it may be overwritten",
    arguments: [false, true])
  func taken(overwrite: Bool) throws {
    let path = folder.path.appending("out")
    let output = try StagedOutput(path, form: .file, overwrite: overwrite)
    let file = try output.open("", byteCount: 1, identity: Self.identity("a"))
    try write([1], at: 0, to: file)
    _ = try folder.write([9, 9], as: "out")
    if overwrite {
      try output.commit([file])
      #expect(try readBytes(path) == [1])
    } else {
      let error = try #require(throws: FileError.self) { try output.commit([file]) }
      #expect(error.reason == .alreadyExists)
      #expect(try readBytes(path) == [9, 9])
      #expect(try folder.names == ["out", "out.quern-journal", "out.quern-partial"])
    }
  }

  @Test("Work that was abandoned is found again, and only what is still right is kept")
  func resume() throws {
    let path = folder.path.appending("out")
    do {
      let output = try StagedOutput(path, form: .file, overwrite: false)
      let file = try output.open("", byteCount: 12, identity: Self.identity("a"))
      try write([1, 1, 1, 1], at: 0, to: file)
      try write([2, 2, 2, 2], at: 4, to: file)
    }
    var partial = try readBytes(folder.path.appending("out.quern-partial"))
    partial[5] ^= 1
    _ = try folder.write(partial, as: "out.quern-partial")
    let output = try StagedOutput(path, form: .file, overwrite: false)
    let file = try output.open("", byteCount: 12, identity: Self.identity("a"))
    #expect(file.keeps(4, at: 0))
    #expect(!file.keeps(3, at: 0))
    #expect(!file.keeps(4, at: 4), "a flipped bit")
    #expect(!file.keeps(4, at: 8))
    try write([2, 2, 2, 2], at: 4, to: file)
    try write([3, 3, 3, 3], at: 8, to: file)
    try output.commit([file])
    #expect(try readBytes(path) == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
  }

  @Test("A journal cut at any byte, or of other work, keeps nothing that it does not prove")
  func tornJournal() throws {
    let path = folder.path.appending("out")
    do {
      let output = try StagedOutput(path, form: .file, overwrite: false)
      let file = try output.open("", byteCount: 8, identity: Self.identity("a"))
      try write([1, 1, 1, 1], at: 0, to: file)
      try write([2, 2, 2, 2], at: 4, to: file)
    }
    let journal = try readBytes(folder.path.appending("out.quern-journal"))
    let partial = try readBytes(folder.path.appending("out.quern-partial"))
    #expect(journal.count == 120)
    for count in 0...journal.count {
      _ = try folder.write(Array(journal.prefix(count)), as: "out.quern-journal")
      _ = try folder.write(partial, as: "out.quern-partial")
      let output = try StagedOutput(path, form: .file, overwrite: false)
      let file = try output.open("", byteCount: 8, identity: Self.identity("a"))
      #expect(file.keeps(4, at: 0) == (count >= 80))
      #expect(file.keeps(4, at: 4) == (count >= 120))
    }
    let output = try StagedOutput(path, form: .file, overwrite: false)
    let other = try output.open("", byteCount: 8, identity: Self.identity("b"))
    #expect(!other.hasEarlierWork)
  }

  @Test("Two runs on one destination do not meet")
  func locked() throws {
    let path = folder.path.appending("out")
    let first = try StagedOutput(path, form: .file, overwrite: false)
    #expect(throws: FileError(path: path, reason: .inUse)) {
      try StagedOutput(path, form: .file, overwrite: false)
    }
    first.discard()
  }

  @Test("A folder appears as a whole, and replaces another only when asked")
  func wholeFolder() throws {
    let path = folder.path.appending("model")
    func make(_ names: [String], overwrite: Bool) throws {
      let output = try StagedOutput(
        FilePath(path.string + "/"), form: .folder, overwrite: overwrite)
      let files = try names.map { name in
        let file = try output.open(name, byteCount: 1, identity: Self.identity(name))
        try write([7], at: 0, to: file)
        return file
      }
      #expect(try folder.names.contains("model.quern-partial"))
      try output.commit(files)
    }
    try make(["a", "b"], overwrite: false)
    #expect(try FolderListing(path).names == ["a", "b"])
    #expect(throws: FileError(path: path, reason: .alreadyExists)) {
      try make(["c"], overwrite: false)
    }
    try make(["c"], overwrite: true)
    #expect(try FolderListing(path).names == ["c"])
    #expect(try folder.names == ["model"])
  }

  @Test("An empty folder may be filled, a file is never replaced by a folder")
  func kinds() throws {
    let empty = folder.path.appending("empty")
    try FileManager.default.createDirectory(
      atPath: empty.string, withIntermediateDirectories: false)
    let output = try StagedOutput(empty, form: .folder, overwrite: false)
    let file = try output.open("a", byteCount: 0, identity: Self.identity("a"))
    try output.commit([file])
    #expect(try FolderListing(empty).names == ["a"])
    let taken = try folder.write([1], as: "taken")
    #expect(throws: FileError(path: taken, reason: .alreadyExists)) {
      try StagedOutput(taken, form: .folder, overwrite: true)
    }
  }

  /// From `xxhsum -H2` of the empty file.
  @Test("Digests print as xxhsum prints them")
  func digest() {
    #expect("\(Self.identity(""))" == "99aa06d3014798d86001c324468d497f")
  }
}
