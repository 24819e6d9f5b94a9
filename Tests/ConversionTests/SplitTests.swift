import Checkpoints
import Conversion
import Foundation
import GGUF
import MappedFiles
import SystemPackage
import TestSupport
import Testing
import Workers

/// GGUFs that become sets of files, and sets that become one.
@Suite struct SplitTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  private func options(
    size: Int? = nil, tensors: Int? = nil, recipe: String? = nil, overwrite: Bool = false
  ) -> ConversionOptions {
    var options = ConversionOptions(recipe: recipe.flatMap { Recipe(named: $0) })
    options.maxShardByteCount = size
    options.maxShardTensorCount = tensors
    options.overwrite = overwrite
    options.isSealed = false
    return options
  }

  private func plan(
    _ source: FilePath, to name: String, _ options: ConversionOptions
  ) throws -> ConversionPlan {
    try ConversionPlan(from: source, to: fixture.path(name).string, options: options)
  }

  @discardableResult private func convert(
    _ source: FilePath, to name: String, _ options: ConversionOptions
  ) throws -> ConversionResult {
    try plan(source, to: name, options).execute(on: pool)
  }

  private func names(_ stem: String, _ count: Int) -> [String] {
    (1...count).map { GGUFPartName(stem: stem, number: $0, count: count).fileName }
  }

  struct Limits: Sendable {
    var size: Int?
    var tensors: Int?
    let count: Int
  }

  /// The model's tensors have 1024, 37888, 16384, 64 and 98304 bytes.
  private static let limits = [
    Limits(size: 1, count: 5), Limits(size: 40_000, count: 3), Limits(size: 55_296, count: 3),
    Limits(tensors: 1, count: 5), Limits(tensors: 2, count: 3), Limits(tensors: 4, count: 2),
    Limits(size: 40_000, tensors: 2, count: 3),
  ]

  @Test("A model split and merged is the same file, from any part", arguments: limits)
  func roundTrip(_ limits: Limits) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let result = try convert(
      source, to: "m.gguf", options(size: limits.size, tensors: limits.tensors))
    let names = names("m", limits.count)
    #expect(try fixture.folder.names == names + ["source.gguf"])
    #expect(result.plan.result == fixture.path(names[0]))
    #expect(result.plan.paths == names.map(fixture.path))
    for (file, path) in zip(result.plan.files, result.plan.paths) {
      #expect(try readBytes(path).count == file.byteCount)
    }
    for name in names {
      try convert(fixture.path(name), to: "merged.gguf", options(overwrite: true))
      #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(source))
    }
  }

  @Test("A copy adds no key that the source lacks")
  func bareMetadata() throws {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([("general.architecture", .string("clip"))]), tensors: [])
    let source = try fixture.folder.write(layout.header, as: "bare.gguf")
    try convert(source, to: "copy.gguf", options(tensors: 1))
    #expect(try readBytes(fixture.path("copy.gguf")) == layout.header)
  }

  @Test(
    "A set is quantized as its single file is, and into parts as into one",
    arguments: ["Q4_K_M", "Q8_0", "BF16"])
  func quantized(recipe: String) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    try convert(source, to: "single.gguf", options(recipe: recipe))
    try convert(source, to: "m.gguf", options(tensors: 2))
    try convert(
      fixture.path("m-00002-of-00003.gguf"), to: "q.gguf", options(size: 20_000, recipe: recipe))
    let part = try #require(try fixture.folder.names.first { $0.hasPrefix("q-00001") })
    try convert(fixture.path(part), to: "merged.gguf", options())
    #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(fixture.path("single.gguf")))
  }

  @Test(
    "What fits is one file under the plain name", arguments: ["m.gguf", "m-00001-of-00002.gguf"])
  func fits(name: String) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    try convert(source, to: name, options(size: 1 << 30, tensors: 5))
    #expect(try fixture.folder.names == ["m.gguf", "source.gguf"])
    #expect(try readBytes(fixture.path("m.gguf")) == readBytes(source))
  }

  @Test("The name of a part is the name of its set, whatever it counts")
  func partNames() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    try convert(source, to: "m-00002-of-00007.gguf", options(tensors: 2))
    #expect(try fixture.folder.names == names("m", 3) + ["source.gguf"])
    // Also beside the single file whose name it shares.
    try convert(source, to: "source-00001-of-00009.gguf", options(tensors: 4))
    #expect(try readBytes(source) == readBytes(fixture.gguf(ConversionFixture.model())))
    try convert(fixture.path("source-00001-of-00002.gguf"), to: "merged.gguf", options())
    #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(source))
  }

  @Test("Alignment is the source's in the first part and in the merged file")
  func alignment() throws {
    let metadata = GGUFMetadata([("general.alignment", .uint32(256))])
    let source = try fixture.gguf(ConversionFixture.model(), metadata: metadata)
    try convert(source, to: "m.gguf", options(tensors: 2))
    let set = try GGUFSet(fixture.path("m-00001-of-00003.gguf"))
    #expect(set.files.map(\.alignment) == [256, 32, 32])
    try convert(fixture.path("m-00001-of-00003.gguf"), to: "merged.gguf", options())
    #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(source))
  }

  @Test("A commit that stops at any part is finished by the same command", arguments: 0..<3)
  func resumed(index: Int) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let options = options(tensors: 2, recipe: "Q8_0")
    let planned = try plan(source, to: "m.gguf", options)
    // Nothing can be renamed over a folder.
    let blocked = fixture.path(names("m", 3)[index])
    #expect(throws: FileError.self) {
      try planned.execute(on: pool) { _ in
        try? FileManager.default.createDirectory(
          atPath: blocked.string, withIntermediateDirectories: false)
      }
    }
    try FileManager.default.removeItem(atPath: blocked.string)
    // The first part is named last.
    let named = [[1, 2], [], [1]][index].map { names("m", 3)[$0] }
    #expect(try fixture.folder.names.filter { $0.hasPrefix("m-") } == named)
    let result = try convert(source, to: "m.gguf", options)
    #expect(result.keptByteCount == planned.tensors.reduce(0) { $0 + $1.byteCount })
    #expect(try fixture.folder.names == names("m", 3) + ["source.gguf"])
    try convert(source, to: "single.gguf", self.options(recipe: "Q8_0"))
    try convert(planned.result, to: "merged.gguf", self.options())
    #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(fixture.path("single.gguf")))
  }

  @Test("A part that was damaged after it was named is made again, the others are kept")
  func damaged() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let options = options(tensors: 2, recipe: "Q8_0")
    let planned = try plan(source, to: "m.gguf", options)
    let first = planned.result
    #expect(throws: FileError.self) {
      try planned.execute(on: pool) { _ in
        try? FileManager.default.createDirectory(
          atPath: first.string, withIntermediateDirectories: false)
      }
    }
    try FileManager.default.removeItem(atPath: first.string)
    let last = planned.paths[2]
    var bytes = try readBytes(last)
    let whole = bytes
    bytes[bytes.count - 1] ^= 1
    _ = try fixture.folder.write(bytes, as: names("m", 3)[2])
    let result = try convert(source, to: "m.gguf", options)
    let kept = planned.files.prefix(2).flatMap(\.tensors).reduce(0) { $0 + $1.byteCount }
    #expect(result.keptByteCount == kept)
    #expect(try readBytes(last) == whole)
    #expect(try fixture.folder.names == names("m", 3) + ["source.gguf"])
  }

  @Test("Several types go into sets of their own from one read")
  func batch() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let recipes = ["Q8_0", "BF16"]
    let batch = try ConversionBatch(
      from: source,
      to: recipes.map {
        (fixture.path("\($0).gguf").string, options(tensors: 2, recipe: $0))
      })
    _ = try batch.execute(on: pool)
    #expect(
      try fixture.folder.names == names("BF16", 3) + names("Q8_0", 3) + ["source.gguf"])
    for recipe in recipes {
      try convert(source, to: "single.gguf", options(recipe: recipe, overwrite: true))
      try convert(fixture.path(names(recipe, 3)[1]), to: "merged.gguf", options(overwrite: true))
      #expect(try readBytes(fixture.path("merged.gguf")) == readBytes(fixture.path("single.gguf")))
    }
  }
}
