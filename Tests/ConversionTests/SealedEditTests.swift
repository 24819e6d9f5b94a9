import Conversion
import GGUF
import Integrity
import Safetensors
import SystemPackage
import TestSupport
import Testing
import Workers

/// Seals of files whose headers are edited.
@Suite struct SealedEditTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  enum Form: CaseIterable { case gguf, set, safetensors }

  private func unsealed(_ form: Form) throws -> FilePath {
    switch form {
    case .gguf: return try fixture.editable()
    case .safetensors: return try fixture.safetensors(ConversionFixture.model())
    case .set:
      var options = ConversionOptions()
      options.maxShardTensorCount = 2
      options.isSealed = false
      let plan = try ConversionPlan(
        from: fixture.editable(), to: fixture.path("set.gguf").string, options: options)
      return try plan.execute(on: pool).plan.result
    }
  }

  private func copy(
    _ source: FilePath, _ form: Form, as name: String, _ change: (inout Edit) -> Void = { _ in }
  ) throws -> FilePath {
    let edit = Edit {
      $0.isSealed = true
      $0.addsSeal = true
      change(&$0)
    }
    let name = form == .safetensors ? "\(name).safetensors" : "\(name).gguf"
    return try EditPlan(edit, of: source).copy(to: fixture.path(name)).execute(on: pool).plan.result
  }

  private func expectSealed(_ path: FilePath) throws {
    for verdict in try Verification.verify(path, on: pool) {
      #expect(verdict.isSealed)
      #expect(verdict.damage == [])
    }
  }

  private func digests(_ path: FilePath) throws -> String {
    path.extension == "gguf"
      ? "\(try GGUFSet(path).files.map { $0.metadata["quern.seal.chunks"] })"
      : "\(try SafetensorsFile(path).metadata["quern.seal.chunks"] ?? "")"
  }

  @Test("A copy of a file without a seal gets one", arguments: Form.allCases)
  func added(form: Form) throws {
    try expectSealed(
      copy(unsealed(form), form, as: "sealed") { $0.values = [("general.name", .string("Rye"))] })
  }

  @Test(
    "The seal of an edited file stays true, and its tensors are not read again",
    arguments: Form.allCases)
  func kept(form: Form) throws {
    let sealed = try copy(unsealed(form), form, as: "sealed")
    let edited = try copy(sealed, form, as: "edited") {
      $0.values = [("new", .string("value"))]
      $0.renamedTensors = [("blk.0.attn_q.weight", "renamed.weight")]
      $0.roomByteCount = 500
    }
    try expectSealed(edited)
    #expect(try digests(edited) == digests(sealed))
    let inPlace = Edit {
      $0.isSealed = true
      $0.addsSeal = true
      $0.values = [("new", .string("another value")), ("more", .string("yet"))]
    }
    try #require(try EditPlan(inPlace, of: edited).inPlace()).apply()
    try expectSealed(edited)
    #expect(try digests(edited) == digests(sealed))
  }

  @Test("A seal is taken away on demand, and set by nobody", arguments: Form.allCases)
  func removed(form: Form) throws {
    let source = try unsealed(form)
    let sealed = try copy(source, form, as: "sealed")
    let bare = try copy(sealed, form, as: "bare") { $0.isSealed = false }
    #expect(try Verification.verify(bare, on: pool).allSatisfy { !$0.isSealed && $0.isIntact })
    if form != .set { #expect(try readBytes(bare) == readBytes(source)) }
    let error = #expect(throws: EditError.self) {
      try copy(sealed, form, as: "x") { $0.values = [("quern.seal.header", .string("0"))] }
    }
    guard case .fixedKey? = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("A header that another program changed is not sealed again", arguments: Form.allCases)
  func broken(form: Form) throws {
    let sealed = try copy(unsealed(form), form, as: "sealed")
    var bytes = try readBytes(sealed)
    let name = Array("attn_q".utf8)
    let place = try #require(bytes.firstRange(of: name) ?? bytes.firstRange(of: Array("norm".utf8)))
    bytes[place.lowerBound] ^= 1
    _ = try fixture.folder.write(bytes, as: sealed.lastComponent?.string ?? "")
    let error = #expect(throws: EditError.self) { try copy(sealed, form, as: "x") }
    guard case .brokenSeal? = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    _ = try copy(sealed, form, as: "bare") { $0.isSealed = false }
  }

  @Test("A file whose padding is not zeros is copied without a seal, and a warning says so")
  func padding() throws {
    let source = try fixture.gguf([
      ("odd.bias", .f32, ConversionFixture.noise(rows: 1, columns: 5)),
      ("output_norm.weight", .f32, ConversionFixture.noise(rows: 1, columns: 8)),
    ])
    let tensor = try GGUFFile(source).tensors[0]
    var bytes = try readBytes(source)
    bytes[tensor.offset + tensor.byteCount] = 1
    let odd = try fixture.folder.write(bytes, as: "odd.gguf")
    let plan = try EditPlan(
      Edit {
        $0.isSealed = true
        $0.addsSeal = true
      }, of: odd
    ).copy(to: fixture.path("c.gguf"))
    #expect(plan.warnings.contains { $0.hasPrefix("left without a seal: ") })
    _ = try plan.execute(on: pool)
    #expect(try readBytes(fixture.path("c.gguf")) == bytes)
  }
}
