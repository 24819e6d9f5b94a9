import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

@Suite struct CopyTests {
  private struct NoRoom: Error {}

  private let folder: TemporaryFolder
  private let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

  init() throws { folder = try TemporaryFolder() }

  private func copy(_ path: FilePath) throws -> MappedFile {
    try MappedFile(reading: path) { _ in
    } forEach: { count, body in
      for index in (0..<count).reversed() { body(index) }
    }
  }

  @Test("A copy has the file's bytes, and keeps them whatever becomes of the file")
  func equal() throws {
    let path = try folder.write(bytes, as: "file")
    let file = try copy(path)
    file.advise(.dontNeed, 0..<file.byteCount)
    _ = try folder.write(Array("other".utf8), as: "file")
    #expect(file.withBytes { $0.elementsEqual(bytes) })
    try file.checkUnchanged()
  }

  @Test("An empty file is empty")
  func empty() throws {
    #expect(try copy(try folder.write([], as: "file")).byteCount == 0)
  }

  @Test("Nothing is read where there is no room, or no file")
  func refused() throws {
    let path = try folder.write(Array(bytes.prefix(100)), as: "file")
    var asked = 0
    #expect(throws: NoRoom.self) {
      try MappedFile(reading: path) { byteCount in
        asked = byteCount
        throw NoRoom()
      } forEach: { _, _ in
        Issue.record("something was read")
      }
    }
    #expect(asked == 100)
    #expect(throws: FileError.self) { try copy(folder.path.appending("missing")) }
    #expect(throws: FileError.self) { try copy(folder.path) }
  }

  @Test("A file that shrinks or changes while it is read is an error", arguments: [true, false])
  func changed(isCut: Bool) throws {
    let path = try folder.write(bytes, as: "file")
    let error = #expect(throws: FileError.self) {
      try MappedFile(reading: path) { _ in
      } forEach: { count, body in
        body(0)
        if isCut {
          path.withPlatformString { _ = truncate($0, 9_000_000) }
        } else {
          path.withPlatformString { _ = utimes($0, [timeval(), timeval()]) }
        }
        for index in 1..<count { body(index) }
      }
    }
    switch error?.reason {
    case .shrank: #expect(isCut)
    case .changed: #expect(!isCut)
    default: Issue.record("\(String(describing: error))")
    }
  }

  @Test("Reading ahead stops when asked, and a file that was cut does not stop the program")
  func prefetch() throws {
    let path = try folder.write(bytes, as: "file")
    let file = try MappedFile(path)
    var looks = 0
    file.prefetch {
      looks += 1
      return looks == 2
    }
    #expect(looks == 2)
    path.withPlatformString { _ = truncate($0, 5_000_000) }
    file.prefetch { false }
    #expect(throws: FileError.self) { try file.checkUnchanged() }
  }
}
