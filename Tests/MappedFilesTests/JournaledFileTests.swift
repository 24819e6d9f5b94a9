import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

/// What kills and power cuts leave behind, and what the next run makes of it.
@Suite struct JournaledFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let partial = "out.quern-partial"
  private static let journal = "out.quern-journal"
  /// The two slabs of the result, with padding that nobody writes between them.
  private static let slabs: [(offset: Int, bytes: [UInt8])] = [(0, [1, 1, 1, 1]), (6, [2, 2])]
  private static let result: [UInt8] = [1, 1, 1, 1, 0, 0, 2, 2]

  private func begin(_ identity: String = "a") throws -> (StagedOutput, JournaledFile) {
    let output = try StagedOutput(
      folder.path.appending("out"), form: .file, overwrite: false)
    let digest = Array(identity.utf8).withUnsafeBytes { Digest128(of: $0) }
    return (output, try output.open("", byteCount: Self.result.count, identity: digest))
  }

  /// Goes on with what is there.
  ///
  /// - Returns: The offsets of the slabs that were kept.
  private func finish() throws -> [Int] {
    let (output, file) = try begin()
    var kept: [Int] = []
    for slab in Self.slabs {
      if file.keeps(slab.bytes.count, at: slab.offset) {
        kept.append(slab.offset)
      } else {
        try slab.bytes.withUnsafeBytes { try file.write($0, at: slab.offset) }
      }
    }
    try output.commit([file])
    return kept
  }

  /// Something that an earlier run left, changed by a hand that knows no journal.
  struct Remains: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var partial: @Sendable ([UInt8]) -> [UInt8]? = { $0 }
    var journal: @Sendable ([UInt8]) -> [UInt8]? = { $0 }
    var kept: [Int] = []
  }

  static let remains: [Remains] = [
    Remains(testDescription: "all is there", kept: [0, 6]),
    Remains(testDescription: "a journal without its file", partial: { _ in nil }),
    Remains(testDescription: "a file without its journal", journal: { _ in nil }),
    Remains(testDescription: "an empty journal", journal: { _ in [] }),
    Remains(testDescription: "an empty file", partial: { _ in [] }),
    Remains(testDescription: "a torn header", journal: { Array($0.prefix(39)) }),
    Remains(
      testDescription: "a torn record", journal: { Array($0.prefix(100)) }, kept: [0]),
    Remains(
      testDescription: "records whose bytes a power cut took",
      partial: { Array($0.prefix(4)) + [0, 0, 0, 0] }, kept: [0]),
    Remains(
      testDescription: "a file shorter than recorded", partial: { Array($0.prefix(7)) },
      kept: [0]),
    Remains(
      testDescription: "a file longer than planned", partial: { $0 + [9, 9, 9] }, kept: [0, 6]),
    Remains(
      testDescription: "a header of another plan and bytes of it",
      partial: { _ in [UInt8](repeating: 9, count: 20) },
      journal: {
        var bytes = $0
        bytes[8] ^= 1
        return bytes
      }),
    Remains(
      testDescription: "a record that was written twice", journal: { $0 + $0.suffix(40) },
      kept: [0, 6]),
    Remains(
      testDescription: "records followed by rubbish",
      journal: { $0 + [UInt8](repeating: 0xFF, count: 80) }, kept: [0, 6]),
  ]

  @Test(
    "Whatever was left, the result is right, and only what is proved is kept", arguments: remains)
  func goingOn(remains: Remains) throws {
    do {
      let (_, file) = try begin()
      for slab in Self.slabs {
        try slab.bytes.withUnsafeBytes { try file.write($0, at: slab.offset) }
      }
    }
    for (name, change) in [(Self.partial, remains.partial), (Self.journal, remains.journal)] {
      let path = folder.path.appending(name)
      let changed = change(try readBytes(path))
      try FileManager.default.removeItem(atPath: path.string)
      if let changed { _ = try folder.write(changed, as: name) }
    }
    #expect(try finish() == remains.kept)
    #expect(try readBytes(folder.path.appending("out")) == Self.result)
    #expect(try folder.names == ["out"])
  }

  @Test("Records that a second run appends stand behind those of the first")
  func appending() throws {
    do {
      let (_, file) = try begin()
      try Self.slabs[1].bytes.withUnsafeBytes { try file.write($0, at: 6) }
    }
    let first = try readBytes(folder.path.appending(Self.journal))
    #expect(first.count == 80)
    // A torn record between the two would hide the second.
    _ = try folder.write(first + [1, 2, 3], as: Self.journal)
    do {
      let (_, file) = try begin()
      try Self.slabs[0].bytes.withUnsafeBytes { try file.write($0, at: 0) }
    }
    let second = try readBytes(folder.path.appending(Self.journal))
    #expect(second.count == 120)
    #expect(second.prefix(80) == first[...])
    #expect(try finish() == [0, 6])
  }
}
