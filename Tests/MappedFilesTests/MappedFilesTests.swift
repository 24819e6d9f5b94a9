import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

@Suite struct MappedFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("A file's bytes are those on disk", arguments: [0, 1, 4095, 4096, 4097])
  func bytes(count: Int) throws {
    let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let file = try MappedFile(folder.write(content, as: "file"))
    #expect(file.byteCount == count)
    #expect(file.withBytes { Array($0) } == content)
  }

  @Test("Folders, devices and missing files are refused by name")
  func refusals() throws {
    #expect(throws: FileError(path: folder.path, reason: .isADirectory)) {
      try MappedFile(folder.path)
    }
    #expect(throws: FileError(path: "/dev/null", reason: .notARegularFile)) {
      try MappedFile("/dev/null")
    }
    let missing = folder.path.appending("missing")
    let reason = FileError.Reason.system(operation: "open", .noSuchFileOrDirectory)
    #expect(throws: FileError(path: missing, reason: reason)) { try MappedFile(missing) }
  }

  @Test("A file that shrinks or changes after it was opened is noticed")
  func changes() throws {
    let path = try folder.write([1, 2, 3], as: "file")
    let file = try MappedFile(path)
    try file.checkUnchanged()
    let descriptor = try FileDescriptor.open(path, .writeOnly)
    try descriptor.closeAfter { try descriptor.resize(to: 1) }
    #expect(throws: FileError(path: path, reason: .shrank(expected: 3, found: 1))) {
      try file.checkUnchanged()
    }
  }
}

@Suite struct AtomicFileWriterTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("Nothing stands under the final name before the commit, everything after it")
  func commit() throws {
    let path = folder.path.appending("out")
    let writer = try AtomicFileWriter(path, byteCount: 6, overwrite: false)
    try writer.write([4, 5, 6], at: 3)
    try writer.write([1, 2, 3], at: 0)
    #expect(try !folder.names.contains("out"))
    try writer.commit()
    #expect(try folder.names == ["out"])
    #expect(try readBytes(path) == [1, 2, 3, 4, 5, 6])
  }

  @Test("A writer that goes away without a commit leaves nothing")
  func discard() throws {
    do {
      let writer = try AtomicFileWriter(folder.path.appending("out"), overwrite: false)
      try writer.write([1], at: 0)
    }
    #expect(try folder.names == [])
  }

  @Test("An existing file is refused, and replaced only when asked")
  func overwrite() throws {
    let path = try folder.write([9, 9], as: "out")
    #expect(throws: FileError(path: path, reason: .alreadyExists)) {
      try AtomicFileWriter(path, overwrite: false)
    }
    let writer = try AtomicFileWriter(path, overwrite: true)
    try writer.write([1], at: 0)
    #expect(try readBytes(path) == [9, 9])
    try writer.commit()
    #expect(try readBytes(path) == [1])
  }

  @Test("A folder that is not there is an error that names the destination")
  func missingFolder() {
    let path = folder.path.appending("nowhere/out")
    let reason = FileError.Reason.system(operation: "create", .noSuchFileOrDirectory)
    #expect(throws: FileError(path: path, reason: reason)) {
      try AtomicFileWriter(path, overwrite: false)
    }
  }
}

@Suite struct FileKindTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("A file's kind comes from its first bytes")
  func kinds() throws {
    let cases: [(String, [UInt8], FileKind)] = [
      ("a.bin", Array("GGUF....".utf8), .gguf),
      ("b", [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), .safetensors),
      ("b", [0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), .safetensors),
      ("c.bin", Array("PK\u{3}\u{4}".utf8), .pytorch),
      ("d.pth", [0x80, 0x02, 0x8A], .pytorch), ("e.pt", [0x80, 0x05, 0x95], .pytorch),
      ("e.gguf", [], .gguf),
      ("f.txt", Array("hello, world".utf8), .unknown),
    ]
    for (name, bytes, kind) in cases {
      #expect(try FileKind(of: folder.write(bytes, as: name)) == kind)
    }
    #expect(try FileKind(of: folder.path) == .folder)
  }
}
