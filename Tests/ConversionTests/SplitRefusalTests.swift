import Conversion
import Foundation
import GGUF
import SystemPackage
import TestSupport
import Testing
import Workers

/// What is not written over, and what cannot be split.
@Suite struct SplitRefusalTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 1)

  init() throws { fixture = try ConversionFixture() }

  private func plan(
    _ source: FilePath, to name: String, tensors: Int? = 2, size: Int? = nil,
    overwrite: Bool = false
  ) throws -> ConversionPlan {
    var options = ConversionOptions()
    options.maxShardTensorCount = tensors
    options.maxShardByteCount = size
    options.overwrite = overwrite
    return try ConversionPlan(
      from: source, to: "\(fixture.folder.path)/\(name)", options: options)
  }

  private func expectRefusal(
    _ reason: ConversionError.Reason, of name: String? = nil,
    _ body: () throws -> ConversionPlan
  ) {
    let error = #expect(throws: ConversionError.self) { try body() }
    #expect(error?.reason == reason)
    if let name { #expect(error?.path == fixture.path(name)) }
  }

  @Test("Any part that exists refuses the set, and is replaced when asked", arguments: 1...3)
  func existing(number: Int) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let name = GGUFPartName(stem: "m", number: number, count: 3).fileName
    let old = try fixture.folder.write([1], as: name)
    expectRefusal(.destinationExists, of: name) { try plan(source, to: "m.gguf") }
    expectRefusal(.destinationExists, of: name) { try plan(source, to: name) }
    #expect(try readBytes(old) == [1])
    let planned = try plan(source, to: "m.gguf", overwrite: true)
    _ = try planned.execute(on: pool)
    #expect(try GGUFSet(old).tensors.count == 5)
  }

  @Test("A single file of the name refuses the set; overwriting leaves it, and says so")
  func single() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let old = try fixture.folder.write([1], as: "m.gguf")
    expectRefusal(.destinationExists, of: "m.gguf") { try plan(source, to: "m.gguf") }
    let planned = try plan(source, to: "m.gguf", overwrite: true)
    #expect(planned.warnings == ["m.gguf: not part of what is written, left as found"])
    _ = try planned.execute(on: pool)
    #expect(try readBytes(old) == [1])
  }

  @Test("Parts of a set of another count stay, and the plan says so", arguments: [false, true])
  func otherCounts(overwrite: Bool) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    for number in 1...4 {
      let part = GGUFPartName(stem: "m", number: number, count: 4)
      _ = try fixture.folder.write([UInt8(number)], as: part.fileName)
    }
    let planned = try plan(source, to: "m.gguf", overwrite: overwrite)
    #expect(
      planned.warnings
        == ["m-00001-of-00004.gguf and 3 more: not part of what is written, left as found"])
    _ = try planned.execute(on: pool)
    #expect(try fixture.folder.names.filter { $0.hasPrefix("m-") }.count == 7)
    #expect(try readBytes(fixture.path("m-00004-of-00004.gguf")) == [4])
  }

  @Test("A part of the source is no destination, though the source is named by another")
  func source() throws {
    let whole = try fixture.gguf(ConversionFixture.model())
    _ = try plan(whole, to: "m.gguf").execute(on: pool)
    let second = fixture.path("m-00002-of-00003.gguf")
    expectRefusal(.destinationIsSource, of: "m-00001-of-00003.gguf") {
      try plan(second, to: "m.gguf", overwrite: true)
    }
    expectRefusal(.destinationIsSource, of: "m-00002-of-00003.gguf") {
      try plan(second, to: "m-00002-of-00003.gguf", tensors: 1, overwrite: true)
    }
    // Into parts of another number the set may go, beside itself.
    let planned = try plan(second, to: "m.gguf", tensors: 1, overwrite: true)
    #expect(planned.warnings == [])
    _ = try planned.execute(on: pool)
    #expect(try GGUFSet(second).tensors.count == 5)
    #expect(try GGUFSet(fixture.path("m-00005-of-00005.gguf")).tensors.count == 5)
  }

  @Test("A part of the source without tensors is no destination either")
  func emptyFirstPart() throws {
    let whole = try fixture.gguf(ConversionFixture.model())
    _ = try plan(whole, to: "s.gguf", tensors: 4).execute(on: pool)
    let set = try GGUFSet(fixture.path("s-00001-of-00002.gguf"))
    // All tensors in the second part, as with --no-tensor-first-split.
    var metadata = set.files[0].metadata
    metadata["split.no"] = .uint16(0)
    metadata["split.count"] = .uint16(2)
    let first = try GGUFLayout(metadata: metadata, tensors: [])
    let own = GGUFMetadata([
      ("split.no", .uint16(1)), ("split.tensors.count", .int32(5)), ("split.count", .uint16(2)),
    ])
    let second = try GGUFLayout(
      metadata: own, tensors: set.tensors.map { ($0.name, $0.type, $0.shape) })
    _ = try fixture.folder.write(first.header, as: "m-00001-of-00002.gguf")
    _ = try fixture.folder.write(
      second.header + [UInt8](repeating: 0, count: second.byteCount - second.header.count),
      as: "m-00002-of-00002.gguf")
    expectRefusal(.destinationIsSource, of: "m-00001-of-00002.gguf") {
      try plan(fixture.path("m-00002-of-00002.gguf"), to: "m.gguf", tensors: 4, overwrite: true)
    }
  }

  @Test("A part is no destination while nothing says how large parts are")
  func partWithoutLimits() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    expectRefusal(.namesPart) { try plan(source, to: "m-00001-of-00003.gguf", tensors: nil) }
  }

  @Test("A folder in the place of a part is an error, and stays")
  func folder() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let folder = fixture.path("m-00002-of-00003.gguf")
    try FileManager.default.createDirectory(
      atPath: folder.string, withIntermediateDirectories: false)
    let planned = try plan(source, to: "m.gguf", overwrite: true)
    #expect(throws: (any Error).self) { try planned.execute(on: pool) }
    #expect(try fixture.folder.names == ["m-00002-of-00003.gguf", "source.gguf"])
  }
}
