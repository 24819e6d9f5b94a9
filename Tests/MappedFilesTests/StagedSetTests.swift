import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

/// Sets of files that take their names together.
@Suite struct StagedSetTests {
  let folder: TemporaryFolder
  let names = ["m-1", "m-2", "m-3"]
  init() throws { folder = try TemporaryFolder() }

  private var base: FilePath { folder.path.appending("m") }

  private func stage(overwrite: Bool = false) throws -> StagedOutput {
    try StagedOutput(base, form: .set(names), overwrite: overwrite)
  }

  /// Writes one slab into every file; those that an earlier run finished are kept.
  ///
  /// - Returns: The files, and how many were kept.
  private func fill(_ output: StagedOutput) throws -> (files: [JournaledFile], kept: Int) {
    var kept = 0
    let files = try names.enumerated().map { index, name in
      let identity = Array(name.utf8).withUnsafeBytes { Digest128(of: $0) }
      let file = try output.open(name, byteCount: 4, identity: identity)
      if file.keeps(4, at: 0) {
        kept += 1
      } else {
        let bytes = [UInt8](repeating: UInt8(index + 1), count: 4)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
      }
      return file
    }
    return (files, kept)
  }

  private func expectWhole() throws {
    #expect(try folder.names == names)
    for (index, name) in names.enumerated() {
      #expect(
        try readBytes(folder.path.appending(name)) == [UInt8](repeating: UInt8(index + 1), count: 4)
      )
    }
  }

  @Test("No file has its name before all are whole, and then all have")
  func commit() throws {
    let output = try stage()
    let (files, _) = try fill(output)
    #expect(try folder.names == ["m.quern-journal", "m.quern-partial"])
    try output.commit(files)
    try expectWhole()
  }

  /// The steps of a commit of three files: none renamed, the second, the third, the first, the mark gone.
  @Test("A kill after any number of renames is mended by the same work", arguments: 0...3)
  func killed(renamed: Int) throws {
    do { _ = try fill(try stage()) }
    _ = try folder.write([], as: "m.quern-journal/renaming")
    for name in ["m-2", "m-3", "m-1"].prefix(renamed) {
      try FileManager.default.moveItem(
        atPath: folder.path.appending("m.quern-partial/\(name)").string,
        toPath: folder.path.appending(name).string)
    }
    #expect(StagedOutput.isHalfRenamed(base))
    let output = try stage()
    #expect(!StagedOutput.isHalfRenamed(base))
    #expect(try folder.names == ["m.quern-journal", "m.quern-partial"])
    let (files, kept) = try fill(output)
    #expect(kept == 3)
    try output.commit(files)
    try expectWhole()
  }

  @Test("A file of another that stands under a name is not taken for a renamed part")
  func stranger() throws {
    do { _ = try fill(try stage()) }
    _ = try folder.write([], as: "m.quern-journal/renaming")
    let stranger = try folder.write([9], as: "m-2")
    #expect(throws: FileError(path: stranger, reason: .alreadyExists)) { try stage() }
    #expect(try readBytes(stranger) == [9])
    try FileManager.default.removeItem(atPath: stranger.string)
    let output = try stage()
    let (files, kept) = try fill(output)
    #expect(kept == 3)
    try output.commit(files)
    try expectWhole()
  }

  @Test(
    "Any of the names that is taken refuses the set, unless it may be replaced", arguments: 0..<3)
  func taken(index: Int) throws {
    let old = try folder.write([9, 9], as: names[index])
    #expect(throws: FileError(path: old, reason: .alreadyExists)) { try stage() }
    #expect(try folder.names == [names[index]])
    let output = try stage(overwrite: true)
    try output.commit(try fill(output).files)
    try expectWhole()
  }

  @Test("A folder under one of the names is never replaced")
  func takenByFolder() throws {
    let path = folder.path.appending("m-2")
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
    #expect(throws: FileError(path: path, reason: .isADirectory)) { try stage(overwrite: true) }
  }

  @Test("While older parts are replaced, no older first part stands beside newer ones")
  func replaced() throws {
    for name in names { _ = try folder.write([9], as: name) }
    let output = try stage(overwrite: true)
    let (files, _) = try fill(output)
    // A folder that nothing can be renamed over stops the commit at the third part.
    let third = folder.path.appending("m-3")
    try FileManager.default.removeItem(atPath: third.string)
    try FileManager.default.createDirectory(
      atPath: third.string, withIntermediateDirectories: false)
    let error = try #require(throws: FileError.self) { try output.commit(files) }
    #expect(error.path == third)
    #expect(try folder.names == ["m-2", "m-3", "m.quern-journal", "m.quern-partial"])
  }

  @Test("Work for a single file or of another plan makes way for a set, and the reverse")
  func otherForms() throws {
    let identity = Array("x".utf8).withUnsafeBytes { Digest128(of: $0) }
    do {
      _ = try StagedOutput(base, form: .file, overwrite: false)
        .open("", byteCount: 2, identity: identity)
    }
    do {
      let other = try StagedOutput(base, form: .set(["m-1", "m-9"]), overwrite: false)
      _ = try other.open("m-9", byteCount: 2, identity: identity)
    }
    let output = try stage()
    try output.commit(try fill(output).files)
    try expectWhole()
    do { _ = try fill(try stage(overwrite: true)) }
    let single = try StagedOutput(base, form: .file, overwrite: false)
    try single.commit([try single.open("", byteCount: 0, identity: identity)])
    #expect(try folder.names == ["m"] + names)
  }

  @Test("Two runs on one set do not meet, nor a set and a single file")
  func locked() throws {
    let first = try stage()
    #expect(throws: FileError(path: base, reason: .inUse)) { try stage() }
    #expect(throws: FileError(path: base, reason: .inUse)) {
      try StagedOutput(base, form: .file, overwrite: false)
    }
    first.discard()
    #expect(try folder.names == [])
  }
}
