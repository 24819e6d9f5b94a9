import Conversion
import GGUF
import MappedFiles
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Headers that change in front of tensors that do not.
@Suite struct EditTests {
  let fixture: ConversionFixture
  let source: FilePath

  init() throws {
    fixture = try ConversionFixture()
    source = try fixture.editable()
  }

  private func copy(_ edit: Edit, of source: FilePath, as name: String) throws -> FilePath {
    try fixture.edited(edit, of: source, as: name)
  }

  @Test("A copy has the new metadata and names, and every other byte as it was")
  func copies() throws {
    let edited = try copy(
      Edit {
        $0.values = [("general.name", .string("Wheat")), ("new", .array(.float32([1, 2.5])))]
        $0.removedKeys = ["general.file_type"]
        $0.renamedTensors = [
          ("blk.0.attn_q.bias", "token_embd.weight"), ("token_embd.weight", "blk.0.attn_q.bias"),
        ]
      }, of: source, as: "edited.gguf")
    let (before, after) = (try GGUFFile(source), try GGUFFile(edited))
    #expect(after.metadata.string("general.name") == "Wheat")
    #expect(after.metadata["new"] == .array(.float32([1, 2.5])))
    #expect(
      after.metadata.keys == before.metadata.keys.filter { $0 != "general.file_type" } + ["new"])
    let swapped = [
      "token_embd.weight": "blk.0.attn_q.bias", "blk.0.attn_q.bias": "token_embd.weight",
    ]
    #expect(after.tensors.map(\.name) == before.tensors.map { swapped[$0.name] ?? $0.name })
    #expect(after.tensors.map(\.shape) == before.tensors.map(\.shape))
    #expect(
      try readBytes(edited).dropFirst(after.dataOffset)
        .elementsEqual(readBytes(source).dropFirst(before.dataOffset)))
  }

  @Test("What lies before a changed place in the header, and the version, stay byte for byte")
  func unchanged() throws {
    var bytes = try readBytes(source)
    bytes[4] = 2
    let second = try fixture.folder.write(bytes, as: "second.gguf")
    let edited = try copy(
      Edit { $0.values = [("zzz", .bool(true))] }, of: second, as: "edited.gguf")
    let file = try GGUFFile(edited)
    #expect(file.version == 2)
    let again = try copy(Edit { $0.removedKeys = ["zzz"] }, of: edited, as: "again.gguf")
    #expect(try readBytes(again) == bytes)
  }

  @Test("A file is edited in place as long as the header fits, and its tensors do not move")
  func inPlace() throws {
    let roomy = try copy(Edit { $0.roomByteCount = 1000 }, of: source, as: "roomy.gguf")
    let offset = try GGUFFile(roomy).dataOffset
    #expect((offset - (try GGUFFile(source).dataOffset)) % 4096 == 0)
    let data = try readBytes(roomy).dropFirst(offset)
    for name in ["A name that is a good deal longer than the one that was there", "x", ""] {
      let plan = try EditPlan(
        Edit { $0.values = [("general.name", .string(name))] }, of: roomy)
      try #require(try plan.inPlace()).apply()
      let file = try GGUFFile(roomy)
      #expect(file.metadata.string("general.name") == name)
      #expect(file.dataOffset == offset)
      #expect(try readBytes(roomy).dropFirst(offset) == data)
    }
    let long = String(repeating: "long ", count: 2000)
    let plan = try EditPlan(Edit { $0.values = [("general.name", .string(long))] }, of: roomy)
    let error = try #require(throws: EditError.self) { _ = try plan.inPlace() }
    guard case .doesNotFit(let byteCount, let available) = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(byteCount > available && available == offset)
    let same = try EditPlan(Edit { $0.values = [("general.name", .string(""))] }, of: roomy)
    #expect(try same.inPlace() == nil)
  }

  @Test(
    "A header shrinks in place, whatever the alignment", arguments: [32, 64, 256])
  func shrinks(alignment: UInt32) throws {
    let path = try fixture.gguf(
      ConversionFixture.model(), as: "aligned.gguf",
      metadata: GGUFMetadata([
        ("general.alignment", .uint32(alignment)),
        ("filler", .string(String(repeating: "f", count: 600))),
      ]))
    let offset = try GGUFFile(path).dataOffset
    for count in stride(from: 600, through: 500, by: -9) {
      let value = GGUFValue.string(String(repeating: "g", count: count))
      try #require(
        try EditPlan(Edit { $0.values = [("filler", value)] }, of: path).inPlace()
      ).apply()
      let file = try GGUFFile(path)
      #expect(file.metadata["filler"] == value)
      #expect(file.dataOffset == offset)
    }
  }

  @Test(
    "The metadata and names of a safetensors file are edited too, and it keeps its length in place")
  func safetensors() throws {
    let path = try fixture.safetensors(ConversionFixture.model())
    let edited = try copy(
      Edit {
        $0.values = [("made by", .string("\"quern\"\n"))]
        $0.renamedTensors = [("token_embd.weight", "embed")]
        $0.roomByteCount = 100
      }, of: path, as: "edited.safetensors")
    let (before, after) = (try SafetensorsFile(path), try SafetensorsFile(edited))
    #expect(after.metadata == ["format": "pt", "made by": "\"quern\"\n"])
    #expect(after.tensors.count == before.tensors.count)
    #expect(after.tensor("embed") != nil && after.tensor("token_embd.weight") == nil)
    #expect(
      try readBytes(edited).dropFirst(after.dataOffset)
        .elementsEqual(readBytes(path).dropFirst(before.dataOffset)))
    let plan = try EditPlan(
      Edit { $0.values = [("made by", .string(String(repeating: "m", count: 80)))] }, of: edited)
    try #require(try plan.inPlace()).apply()
    #expect(try SafetensorsFile(edited).dataOffset == after.dataOffset)
    #expect(try SafetensorsFile(edited).metadata["made by"]?.count == 80)
  }

  @Test("A set is copied whole, its metadata edited in the first part and names where they are")
  func sets() throws {
    var options = ConversionOptions()
    options.maxShardTensorCount = 2
    options.isSealed = false
    let set = try ConversionPlan(from: source, to: fixture.path("s.gguf").string, options: options)
    _ = try set.execute(on: WorkerPool(workerCount: 1))
    let change = Edit {
      $0.values = [("general.name", .string("Rye"))]
      $0.renamedTensors = [("blk.0.ffn_down.weight", "blk.0.other.weight")]
    }
    let plan = try EditPlan(change, of: set.result)
    let copy = try plan.copy(to: fixture.path("t.gguf"))
    _ = try copy.execute(on: WorkerPool(workerCount: 1))
    let edited = try GGUFSet(copy.result)
    #expect(edited.files.count == 3)
    #expect(edited.metadata.string("general.name") == "Rye")
    #expect(edited.tensors.last?.name == "blk.0.other.weight")
    #expect(try readBytes(copy.paths[1]) == readBytes(set.paths[1]))
    let error = try #require(throws: EditError.self) { _ = try plan.inPlace() }
    guard case .severalParts = error.reason else {
      Issue.record("\(error)")
      return
    }
    // The destination may be named as a part, and never is the source.
    #expect(throws: ConversionError.self) { _ = try plan.copy(to: fixture.path("s.gguf")) }
    #expect(throws: ConversionError.self) {
      _ = try plan.copy(to: fixture.path("u-00001-of-00002.gguf"))
    }
    #expect(
      try plan.copy(to: fixture.path("u-00001-of-00003.gguf")).destination
        == fixture.path("u.gguf"))
  }
}
