import Foundation
import GGUF
import MappedFiles
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// Writes the parts of sets, well-formed or not.
struct SetFixture {
  /// One part as it is written, before a test changes it.
  struct Part {
    var name: String
    var metadata: GGUFMetadata
    var tensors: [String]
    /// Whether the part is written at all.
    var isPresent = true
  }

  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Three parts of two tensors each; tensor `t3` holds the byte 3 four times.
  static var parts: [Part] {
    (0..<3).map { index in
      let part = GGUFPartName(stem: "m", number: index + 1, count: 3)
      var metadata = GGUFMetadata()
      if index == 0 { metadata["general.architecture"] = .string("llama") }
      metadata["split.no"] = .uint16(UInt16(index))
      metadata["split.tensors.count"] = .int32(6)
      metadata["split.count"] = .uint16(3)
      return Part(
        name: part.fileName, metadata: metadata, tensors: ["t\(index * 2)", "t\(index * 2 + 1)"])
    }
  }

  func write(_ parts: [Part]) throws {
    for part in parts where part.isPresent {
      let layout = try GGUFLayout(
        metadata: part.metadata, tensors: part.tensors.map { ($0, .f32, try Shape([1])) })
      var bytes =
        layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
      for tensor in layout.tensors {
        let value = UInt8(tensor.name.dropFirst()) ?? 0
        bytes.replaceSubrange(
          tensor.offset..<tensor.offset + 4, with: [UInt8](repeating: value, count: 4))
      }
      _ = try folder.write(bytes, as: part.name)
    }
  }

  func path(_ number: Int) -> FilePath {
    folder.path.appending(GGUFPartName(stem: "m", number: number, count: 3).fileName)
  }
}

/// One way for a set to be wrong, which file is said to be, and why.
struct MalformedSet: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let part: Int
  let reason: GGUFError.Reason
  let change: @Sendable (inout [SetFixture.Part]) -> Void

  init(
    _ description: String, part: Int, _ reason: GGUFError.Reason,
    _ change: @escaping @Sendable (inout [SetFixture.Part]) -> Void
  ) {
    testDescription = description
    self.part = part
    self.reason = reason
    self.change = change
  }

  static let cases = [
    MalformedSet("the last part is missing", part: 3, .missingPart(3, of: 3)) {
      $0[2].isPresent = false
    },
    MalformedSet("the first part is missing", part: 1, .missingPart(1, of: 3)) {
      $0[0].isPresent = false
    },
    MalformedSet(
      "a part is of a set of another count", part: 3, .splitMismatch(expected: "3", found: "4")
    ) { $0[2].metadata["split.count"] = .uint16(4) },
    MalformedSet(
      "a part is a whole file", part: 3, .splitMismatch(expected: "3", found: "nothing")
    ) { $0[2].metadata["split.count"] = nil },
    MalformedSet("parts are out of order", part: 3, .splitMismatch(expected: "2", found: "1")) {
      $0[2].metadata["split.no"] = .uint16(1)
    },
    MalformedSet(
      "a number is beyond the count", part: 3,
      .splitMismatch(expected: "an integer from 0 to 2", found: "3")
    ) { $0[2].metadata["split.no"] = .uint16(3) },
    MalformedSet(
      "a number is missing", part: 3,
      .splitMismatch(expected: "an integer from 0 to 2", found: "nothing")
    ) { $0[2].metadata["split.no"] = nil },
    MalformedSet(
      "a part is of a set of more tensors", part: 3, .splitMismatch(expected: "6", found: "7")
    ) { $0[2].metadata["split.tensors.count"] = .int32(7) },
    MalformedSet(
      "the parts hold fewer tensors than they say", part: 1,
      .splitMismatch(expected: "5, the tensors of all 3 parts", found: "6")
    ) { $0[2].tensors.removeLast() },
    MalformedSet(
      "the parts hold more tensors than they say", part: 1,
      .splitMismatch(expected: "7, the tensors of all 3 parts", found: "6")
    ) { $0[2].tensors.append("t6") },
    MalformedSet(
      "a tensor stands in two parts", part: 3, .tensorInOtherPart("m-00001-of-00003.gguf")
    ) { $0[2].tensors[0] = "t1" },
    MalformedSet(
      "a count is negative", part: 3,
      .splitMismatch(expected: "an integer from 0 to 65535", found: "-3")
    ) { $0[2].metadata["split.count"] = .int16(-3) },
    MalformedSet(
      "a count is no number", part: 3,
      .splitMismatch(expected: "an integer from 0 to 65535", found: "a value of type string")
    ) { $0[2].metadata["split.count"] = .string("3") },
  ]
}

@Suite struct GGUFSetTests {
  let fixture: SetFixture
  init() throws { fixture = try SetFixture() }

  @Test("Any part opens the whole set", arguments: [1, 2, 3])
  func anyPart(number: Int) throws {
    try fixture.write(SetFixture.parts)
    let set = try GGUFSet(fixture.path(number))
    #expect(set.files.map(\.file.path) == [1, 2, 3].map(fixture.path))
    #expect(set.metadata.keys == ["general.architecture"])
    #expect(set.tensors.map(\.name) == (0..<6).map { "t\($0)" })
    for index in 0..<6 {
      let tensor = try #require(set.tensor("t\(index)"))
      #expect(Array(set.bytes(of: tensor)) == [UInt8](repeating: UInt8(index), count: 4))
      #expect(set.file(of: tensor) === set.files[index / 2])
    }
    #expect(set.tensor("t6") == nil)
  }

  @Test("Parts may differ in alignment, the first may hold no tensor, counts may have any width")
  func tolerated() throws {
    var parts = SetFixture.parts
    parts[1].metadata["general.alignment"] = .uint32(256)
    parts[2].metadata["split.count"] = .uint64(3)
    parts[0].tensors = []
    for index in parts.indices { parts[index].metadata["split.tensors.count"] = .int32(4) }
    try fixture.write(parts)
    let set = try GGUFSet(fixture.path(1))
    #expect(set.files.map(\.alignment) == [32, 256, 32])
    for tensor in set.tensors {
      let value = try #require(UInt8(tensor.name.dropFirst()))
      #expect(Array(set.bytes(of: tensor)) == [UInt8](repeating: value, count: 4))
    }
  }

  @Test("Parts may be links to elsewhere, and are found beside the link")
  func links() throws {
    try fixture.write(SetFixture.parts)
    let links = try TemporaryFolder()
    for number in 1...3 {
      let target = fixture.folder.path.appending("blob\(number)")
      try FileManager.default.moveItem(atPath: fixture.path(number).string, toPath: target.string)
      let link = links.path.appending(try #require(fixture.path(number).lastComponent))
      try FileManager.default.createSymbolicLink(
        atPath: link.string, withDestinationPath: target.string)
    }
    let set = try GGUFSet(links.path.appending("m-00002-of-00003.gguf"))
    #expect(set.tensors.count == 6)
  }

  @Test("A file that counts one part or none is whole", arguments: [UInt16(0), 1])
  func whole(count: UInt16) throws {
    var part = SetFixture.parts[0]
    part.metadata["split.count"] = .uint16(count)
    part.name = "merged.gguf"
    try fixture.write([part])
    let set = try GGUFSet(fixture.folder.path.appending("merged.gguf"))
    #expect(set.files.count == 1)
    #expect(set.metadata.keys == ["general.architecture"])
  }

  @Test("A malformed set is refused, and the error names the file", arguments: MalformedSet.cases)
  func malformed(_ malformed: MalformedSet) throws {
    var parts = SetFixture.parts
    malformed.change(&parts)
    try fixture.write(parts)
    let error = try #require(throws: GGUFError.self) { try GGUFSet(fixture.path(2)) }
    #expect(error.reason == malformed.reason)
    #expect(error.path == fixture.path(malformed.part))
  }

  @Test("The part that is named is checked as the others are")
  func namedPart() throws {
    try fixture.write(SetFixture.parts)
    func expect(_ expected: GGUFError.Reason, _ name: String) throws {
      let path = fixture.folder.path.appending(name)
      try FileManager.default.copyItem(atPath: fixture.path(2).string, toPath: path.string)
      let error = try #require(throws: GGUFError.self) { try GGUFSet(path) }
      #expect(error.reason == expected)
      #expect(error.path == path)
    }
    try expect(.notAPartName(count: 3), "renamed.gguf")
    try expect(.splitMismatch(expected: "4", found: "3"), "m-00002-of-00004.gguf")
    try FileManager.default.removeItem(atPath: fixture.path(3).string)
    try expect(.splitMismatch(expected: "2", found: "1"), "m-00003-of-00003.gguf")
  }

  @Test("A part cut short is an error that names it")
  func truncated() throws {
    try fixture.write(SetFixture.parts)
    let bytes = try readBytes(fixture.path(3))
    for count in [0, 30, bytes.count - 61] {
      _ = try fixture.folder.write(Array(bytes.prefix(count)), as: "m-00003-of-00003.gguf")
      let error = try #require(throws: GGUFError.self) { try GGUFSet(fixture.path(1)) }
      #expect(error.path == fixture.path(3))
    }
  }

  @Test("A part that is cut while the set is open is noticed", arguments: [1, 2, 3])
  func cutLater(number: Int) throws {
    try fixture.write(SetFixture.parts)
    let set = try GGUFSet(fixture.path(1))
    try set.checkUnchanged()
    #expect(fixture.path(number).withPlatformString { truncate($0, 40) } == 0)
    let error = try #require(throws: FileError.self) { try set.checkUnchanged() }
    #expect(error.path == fixture.path(number))
  }
}
