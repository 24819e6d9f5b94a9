import BlockQuant
import Conversion
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

@Suite struct ExecutionTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  private func options(_ recipe: String?) throws -> ConversionOptions {
    ConversionOptions(recipe: try recipe.map { try #require(Recipe(named: $0)) })
  }

  @discardableResult private func convert(
    _ source: FilePath, to name: String, _ options: ConversionOptions, on pool: WorkerPool? = nil
  ) throws -> ConversionResult {
    try ConversionPlan(from: source, to: fixture.path(name).string, options: options)
      .execute(on: pool ?? self.pool)
  }

  /// What the plan says is what the file holds.
  private func expectAgreement(_ plan: ConversionPlan, with file: GGUFFile) {
    #expect(plan.byteCount == file.file.byteCount)
    #expect(plan.tensors.map(\.name) == file.tensors.map(\.name))
    for (planned, found) in zip(plan.tensors, file.tensors) {
      #expect(planned.type == found.type)
      #expect(planned.shape == found.shape)
      #expect(planned.offset == found.offset)
      #expect(planned.byteCount == found.byteCount)
    }
  }

  @Test(
    "Each row is what its codec makes of it",
    arguments: [
      "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K",
    ])
  func rows(recipe: String) throws {
    let tensors = ConversionFixture.model()
    let result = try convert(fixture.gguf(tensors), to: "out.gguf", options(recipe))
    let file = try GGUFFile(fixture.path("out.gguf"))
    expectAgreement(result.plan, with: file)
    #expect(Set(file.tensors.map(\.name)) == Set(tensors.map(\.name)))
    for tensor in tensors {
      let found = try #require(file.tensor(tensor.name))
      let expected = ConversionFixture.encoded(tensor.values, as: found.type)
      #expect(Array(file.bytes(of: found)) == expected, "\(tensor.name)")
      #expect((found.type == .f32) == (recipe == "F32" || tensor.values.count == 1))
    }
    #expect(file.metadata.string("general.name") == "grain")
    #expect(file.metadata.integer("general.quantization_version") == 2)
    #expect(
      file.metadata.integer("general.file_type") == Recipe(named: recipe).map { Int($0.fileType) })
  }

  @Test("A quantized source is decoded for plain floats")
  func decoding() throws {
    let tensors = ConversionFixture.model(type: .q4_0)
    try convert(fixture.gguf(tensors), to: "out.gguf", options("BF16"))
    let file = try GGUFFile(fixture.path("out.gguf"))
    for tensor in tensors {
      let found = try #require(file.tensor(tensor.name))
      let values = ConversionFixture.rounded(tensor.values, through: tensor.type)
      #expect(Array(file.bytes(of: found)) == ConversionFixture.encoded(values, as: found.type))
    }
  }

  @Test("Without a type the file comes back byte for byte", arguments: [TensorType.f16, .q5_1])
  func copy(type: TensorType) throws {
    let source = try fixture.gguf(ConversionFixture.model(type: type))
    var options = try options(nil)
    options.isSealed = false
    try convert(source, to: "out.gguf", options)
    #expect(try readBytes(fixture.path("out.gguf")) == readBytes(source))
  }

  @Test("An unusual alignment is kept", arguments: [64, 4096])
  func alignment(_ alignment: Int) throws {
    let source = try fixture.gguf(
      ConversionFixture.model(),
      metadata: GGUFMetadata([("general.alignment", .uint32(UInt32(alignment)))]))
    let result = try convert(source, to: "out.gguf", options("Q8_0"))
    #expect(result.plan.tensors.allSatisfy { $0.offset % alignment == 0 })
    expectAgreement(result.plan, with: try GGUFFile(fixture.path("out.gguf")))
  }

  @Test("A tensor larger than a slab is the same on 1, 2 and 7 workers")
  func workers() throws {
    // 9 MiB in single precision, and rows that do not share slabs evenly.
    let tensors: [ConversionFixture.Tensor] = [
      ("token_embd.weight", .f32, ConversionFixture.noise(rows: 1153, columns: 2048)),
      ("blk.0.ffn_up.weight", .f32, ConversionFixture.noise(rows: 3, columns: 2048)),
    ]
    let source = try fixture.gguf(tensors)
    for recipe in ["F32", "Q4_K_M"] {
      let files = try [1, 2, 7].map { count in
        let name = "\(recipe)-\(count).gguf"
        try convert(source, to: name, options(recipe), on: WorkerPool(workerCount: count))
        return try readBytes(fixture.path(name))
      }
      #expect(files[0] == files[1])
      #expect(files[0] == files[2])
    }
    let file = try GGUFFile(fixture.path("F32-2.gguf"))
    let embedding = try #require(file.tensor("token_embd.weight"))
    #expect(
      Array(file.bytes(of: embedding)) == ConversionFixture.encoded(tensors[0].values, as: .f32))
  }

  @Test(
    "A very long row is what its codec makes of the whole of it",
    arguments: ["Q4_0", "Q6_K", "F16", "F32"])
  func longRows(recipe: String) throws {
    // Three pieces and a bit of whole blocks, and a length that has few factors.
    let tensors: [ConversionFixture.Tensor] = [
      ("blk.0.ffn_up.weight", .f32, ConversionFixture.noise(rows: 2, columns: 3 << 16 + 256)),
      ("blk.0.ffn_gate.weight", .bf16, ConversionFixture.noise(rows: 3, columns: 1 << 17)),
      ("blk.0.attn_norm.weight", .f32, ConversionFixture.noise(rows: 1, columns: 65_537)),
    ]
    var options = try options(recipe)
    options.memoryByteCount = 1
    let source = try fixture.gguf(
      tensors.map { ($0.name, $0.type, ConversionFixture.rounded($0.values, through: $0.type)) })
    try convert(source, to: "out.gguf", options)
    let file = try GGUFFile(fixture.path("out.gguf"))
    for tensor in tensors {
      let found = try #require(file.tensor(tensor.name))
      let values = ConversionFixture.rounded(tensor.values, through: tensor.type)
      #expect(Array(file.bytes(of: found)) == ConversionFixture.encoded(values, as: found.type))
    }
  }

  @Test("Outer extents of 1 go when a model is quantized, and stay when it is copied")
  func outerExtents() throws {
    let shape = try Shape([1, 3, 256])
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([("general.architecture", .string("llama"))]),
      tensors: [("blk.0.ffn_up.weight", .f32, shape)])
    let bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    let source = try fixture.folder.write(bytes, as: "source.gguf")
    for (recipe, expected) in [("Q8_0", [3, 256]), ("F16", [1, 3, 256])] {
      try convert(source, to: "\(recipe).gguf", options(recipe))
      let file = try GGUFFile(fixture.path("\(recipe).gguf"))
      #expect(file.tensors.map(\.shape.dimensions) == [expected])
    }
  }

  @Test("A pattern that finds no tensor is said")
  func idlePattern() throws {
    var options = try options("Q8_0")
    options.excluded = [try TensorPattern("attn_q"), try TensorPattern("nosuch")]
    let plan = try ConversionPlan(
      from: fixture.gguf(ConversionFixture.model()), to: fixture.path("out.gguf").string,
      options: options)
    #expect(plan.warnings == ["no tensor has a name in which 'nosuch' is found"])
  }

  @Test("Progress counts every tensor byte once, and never goes back")
  func progress() throws {
    let plan = try ConversionPlan(
      from: fixture.gguf(ConversionFixture.model()), to: fixture.path("out.gguf").string,
      options: options("F16"))
    var seen: [ConversionProgress] = []
    _ = try plan.execute(on: pool) { seen.append($0) }
    #expect(seen.map(\.byteCount) == seen.map(\.byteCount).sorted())
    #expect(seen.last?.byteCount == plan.tensors.reduce(0) { $0 + $1.byteCount })
    #expect(Set(seen.map(\.tensor)) == Set(plan.tensors.map(\.name)))
  }

  @Test("A plan writes nothing")
  func dryRun() throws {
    let source = try fixture.gguf(ConversionFixture.model())
    let plan = try ConversionPlan(
      from: source, to: fixture.path("out.gguf").string, options: options("Q4_K_M"))
    #expect(try fixture.folder.names == ["source.gguf"])
    let bits = plan.tensors.reduce(0) { $0 + $1.byteCount * 8 }
    let weights = plan.tensors.reduce(0) { $0 + $1.shape.elementCount }
    #expect(plan.bitsPerWeight == Double(bits) / Double(weights))
    // Rows of 96 do not fill blocks of 256.
    #expect(plan.warnings.count == 1)
  }

  @Test("A safetensors file is cast under the same names", arguments: ["F32", "F16", "BF16"])
  func safetensors(recipe: String) throws {
    let tensors = ConversionFixture.model(type: .bf16)
    var options = try options(recipe)
    options.isSealed = false
    try convert(fixture.safetensors(tensors), to: "out.safetensors", options)
    let file = try SafetensorsFile(fixture.path("out.safetensors"))
    #expect(file.metadata == ["format": "pt"])
    #expect(Set(file.tensors.map(\.name)) == Set(tensors.map(\.name)))
    for tensor in tensors {
      let found = try #require(file.tensor(tensor.name))
      #expect(found.type == Recipe(named: recipe)?.base)
      let values = ConversionFixture.rounded(tensor.values, through: tensor.type)
      #expect(Array(file.bytes(of: found)) == ConversionFixture.encoded(values, as: found.type))
    }
  }
}
