import Conversion
import Foundation
import GGUF
import MappedFiles
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct RefusalTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  /// The reason for which a conversion is refused or fails.
  private func reason(
    _ source: FilePath, to destination: String, _ recipe: String? = "F16",
    change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionError.Reason? {
    var options = ConversionOptions(recipe: try recipe.map { try #require(Recipe(named: $0)) })
    change(&options)
    do {
      _ = try ConversionPlan(
        from: source, to: fixture.path(destination).string, options: options
      ).execute(on: pool)
      return nil
    } catch let error as ConversionError {
      #expect(!error.description.isEmpty)
      return error.reason
    }
  }

  @Test("The source is no destination, under whatever name, even to overwrite")
  func source() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let before = try readBytes(source)
    try FileManager.default.createSymbolicLink(
      atPath: fixture.path("link.gguf").string, withDestinationPath: source.string)
    try FileManager.default.linkItem(
      atPath: source.string, toPath: fixture.path("hard.gguf").string)
    for name in ["source.gguf", "link.gguf", "hard.gguf", "./source.gguf"] {
      for overwrite in [false, true] {
        #expect(try reason(source, to: name) { $0.overwrite = overwrite } == .destinationIsSource)
      }
    }
    #expect(try readBytes(source) == before)
  }

  @Test("One of the files of the source is no destination either")
  func shard() throws {
    let shard = try fixture.safetensors(ConversionFixture.model(), as: "model.safetensors")
    let before = try readBytes(shard)
    #expect(
      try reason(fixture.folder.path, to: "model.safetensors") { $0.overwrite = true }
        == .destinationIsSource)
    #expect(try readBytes(shard) == before)
  }

  @Test("A folder that holds the source, or anything but a checkpoint, is never replaced")
  func folders() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    #expect(try reason(source, to: "./") { $0.overwrite = true } == .destinationHoldsSource)
    let pictures = fixture.path("pictures")
    try FileManager.default.createDirectory(
      atPath: pictures.string, withIntermediateDirectories: false)
    _ = try fixture.folder.write([1], as: "pictures/cat.jpg")
    #expect(try reason(source, to: "pictures/") == .destinationExists)
    #expect(
      try reason(source, to: "pictures/") { $0.overwrite = true } == .destinationIsNoCheckpoint)
    #expect(try readBytes(pictures.appending("cat.jpg")) == [1])
  }

  @Test("What stands at the destination stays, unless it may be overwritten")
  func exists() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let old = try fixture.folder.write([1, 2, 3], as: "out.gguf")
    #expect(try reason(source, to: "out.gguf") == .destinationExists)
    #expect(try readBytes(old) == [1, 2, 3])
    #expect(try reason(source, to: "out.gguf") { $0.overwrite = true } == nil)
    #expect(try GGUFFile(old).tensors.count == 5)
  }

  @Test(
    "Names say what a destination becomes",
    arguments: [
      ("out", nil), ("out.bin", nil), ("out.safetensors", ConversionError.Reason.wantsFolder),
    ])
  func destination(name: String, expected: ConversionError.Reason?) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    #expect(try reason(source, to: name) == expected ?? .unknownDestinationFormat)
    #expect(try fixture.folder.names == ["source.gguf"])
  }

  @Test("Quantizing twice must be asked for")
  func requantize() throws {
    let source = try fixture.gguf(ConversionFixture.model(type: .q4_1))
    #expect(try reason(source, to: "out.gguf", "Q4_K_M") == .alreadyQuantized(.q4_1))
    #expect(try reason(source, to: "out.gguf", "Q4_K_M") { $0.allowRequantize = true } == nil)
  }

  @Test("A type that needs importance says so before any work")
  func importance() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let found = try reason(source, to: "out.gguf", "IQ2_XXS")
    #expect(found == .needsImportance(.iq2_XXS) || found == .cannotEncode(.iq2_XXS))
    #expect(try fixture.folder.names == ["source.gguf"])
  }

  @Test(
    "A value that is not finite is refused by tensor and index, and leaves nothing behind",
    arguments: [Float.infinity, -.infinity, .nan])
  func nonFinite(value: Float) throws {
    var tensors = ConversionFixture.model()
    tensors[2].values[9][17] = value
    let source = try fixture.gguf(tensors)
    let options = ConversionOptions(recipe: Recipe(named: "F16"))
    let plan = try ConversionPlan(
      from: source, to: fixture.path("out.gguf").string, options: options)
    let error = try #require(throws: ConversionError.self) { try plan.execute(on: pool) }
    guard case .nonFinite(let found, let index) = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(index == 9 * 256 + 17)
    #expect(found == value || (found.isNaN && value.isNaN))
    #expect(error.tensor == tensors[2].name)
    #expect(error.path == source)
    #expect(try fixture.folder.names == ["source.gguf"])
    #expect(try reason(source, to: "out.gguf") { $0.allowNonFinite = true } == nil)
  }

  @Test(
    "A tensor that is only copied is not trusted either",
    arguments: [TensorType.f32, .bf16, .f16], ["F16", "Q8_0", nil])
  func nonFiniteCopy(type: TensorType, recipe: String?) throws {
    var tensors = ConversionFixture.model(type: type)
    tensors[0].values[0][3] = .nan
    let source = try fixture.gguf(tensors)
    guard case .nonFinite(let value, let index) = try reason(source, to: "out.gguf", recipe) else {
      Issue.record("the value was taken")
      return
    }
    #expect(value.isNaN)
    #expect(index == 3)
    #expect(try reason(source, to: "out.gguf", recipe) { $0.allowNonFinite = true } == nil)
  }

  @Test(
    "A value that F16 would turn into infinity is refused",
    arguments: [(Float(65_519), false), (65_520, true), (-65_520, true), (3e38, true)])
  func overflow(value: Float, isRefused: Bool) throws {
    var tensors = ConversionFixture.model()
    tensors[2].values[9][17] = value
    let source = try fixture.gguf(tensors)
    let expected = ConversionError.Reason.overflow(value: value, index: 9 * 256 + 17, .f16)
    #expect(try reason(source, to: "out.gguf") == (isRefused ? expected : nil))
    #expect(try reason(source, to: "wide.gguf", "BF16") == nil)
    #expect(try reason(source, to: "infinite.gguf") { $0.allowNonFinite = true } == nil)
  }

  @Test(
    "A block whose scale would be infinite is refused by its largest value",
    arguments: [
      ("Q4_0", Float(1e6)), ("Q8_0", 1e7), ("Q5_1", -1e7), ("TQ2_0", 1e6), ("Q4_K_M", 1e30),
      ("Q6_K", 1e10), ("IQ4_NL", 1e9),
    ])
  func infiniteScale(recipe: String, value: Float) throws {
    var tensors = ConversionFixture.model()
    tensors[2].values[9][17] = value
    let source = try fixture.gguf(tensors)
    let found = try reason(source, to: "out.gguf", recipe)
    guard case .overflow(value, 9 * 256 + 17, _) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(try reason(source, to: "out.gguf", recipe) { $0.allowNonFinite = true } == nil)
    tensors[2].values[9][17] = value.sign == .minus ? -60_000 : 60_000
    #expect(try reason(fixture.gguf(tensors, as: "mild.gguf"), to: "mild-out.gguf", recipe) == nil)
  }

  @Test(
    "A type that cannot do without weights is refused for the embedding too",
    arguments: [TensorType.iq2_XXS, .iq2_XS, .iq1_S])
  func embeddingWithoutWeights(type: TensorType) throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let found = try reason(source, to: "out.gguf", "Q4_K_M") { $0.embeddingType = type }
    #expect(found == .needsImportance(type))
    #expect(try fixture.folder.names == ["source.gguf"])
  }

  @Test("A source that shrinks under the plan is an error")
  func shrunken() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let plan = try ConversionPlan(
      from: source, to: fixture.path("out.gguf").string,
      options: ConversionOptions(recipe: Recipe(named: "F16")))
    try FileHandle(forWritingTo: URL(fileURLWithPath: source.string)).truncate(atOffset: 4096)
    #expect(throws: FileError.self) { try plan.execute(on: pool) }
    #expect(try !fixture.folder.names.contains("out.gguf"))
  }
}
