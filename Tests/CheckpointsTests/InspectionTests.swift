import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing

/// What is said of a checkpoint.
@Suite struct InspectionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Writes a GGUF of F32 matrices of `columns` columns.
  private func gguf(
    _ tensors: [(name: String, values: [Float])], columns: Int = 64,
    metadata: GGUFMetadata = .init()
  ) throws -> Inspection {
    var metadata = metadata
    metadata["general.architecture"] = .string("llama")
    let layout = try GGUFLayout(
      metadata: metadata,
      tensors: tensors.map { ($0.name, .f32, try Shape([$0.values.count / columns, columns])) })
    var bytes = layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    for (tensor, place) in zip(tensors, layout.tensors) {
      tensor.values.withUnsafeBytes {
        bytes.replaceSubrange(place.offset..<place.offset + place.byteCount, with: $0)
      }
    }
    return try Inspection(folder.write(bytes, as: "m.gguf"))
  }

  /// Values that repeat in no simple pattern, between -1 and 1.
  private func noise(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
  }

  @Test(
    "A tensor's name says what it is for",
    arguments: [
      ("token_embd.weight", .embedding), ("model.embed_tokens.weight", .embedding),
      ("transformer.wte.weight", .embedding), ("output.weight", .output),
      ("lm_head.weight", .output), ("output_norm.weight", .norms), ("model.norm.weight", .norms),
      ("blk.3.attn_output.weight", .attention), ("blk.3.attn_q_norm.weight", .norms),
      ("model.layers.3.self_attn.q_proj.bias", .attention), ("h.0.ln_1.weight", .norms),
      ("model.layers.3.input_layernorm.weight", .norms), ("blk.0.ffn_up.weight", .feedForward),
      ("model.layers.3.mlp.gate_proj.weight", .feedForward),
      ("model.layers.3.mlp.gate.weight", .experts), ("blk.1.ffn_gate_inp.weight", .experts),
      ("blk.1.ffn_down_exps.weight", .experts), ("blk.1.ffn_up_shexp.weight", .experts),
      ("model.layers.0.block_sparse_moe.experts.7.w1.weight", .experts),
      ("rope_freqs.weight", .other),
    ] as [(String, InspectedRole)])
  func roles(name: String, role: InspectedRole) { #expect(InspectedRole(name) == role) }

  @Test("Roles, types and blocks add up to the whole", arguments: CheckpointFixture.allCases)
  func sums(fixture: CheckpointFixture) throws {
    let inspection = try Inspection(fixture.path)
    let bytes = inspection.tensors.reduce(0) { $0 + $1.byteCount }
    #expect(inspection.roles.reduce(0) { $0 + $1.share.byteCount } == bytes)
    // Of experts in MXFP4 the bytes are counted by type, and the weights as a whole.
    let elements = inspection.tensors.reduce(0) { $0 + $1.shape.elementCount }
    #expect(inspection.types.reduce(0) { $0 + $1.share.parameterCount } == elements)
    #expect(inspection.parameterCount == (fixture == .gptOssMXFP4 ? 94_578 : elements))
    let blockCount = try #require(inspection.outline.blockCount)
    #expect(inspection.layers.map(\.number) == Array(0..<blockCount))
    let matrices = inspection.layers[0].types[.attention]?.values.reduce(0, +)
    // Some have queries, keys and values in one.
    #expect(matrices == ([.phi3, .gpt2, .qwen].contains(fixture) ? 2 : 4))
    #expect(inspection.outline.contextLength ?? 0 > 0)
    #expect(inspection.tokenizer?.model == (fixture == .qwen ? "tiktoken" : "BPE"))
    #expect(inspection.tokenizer?.chatTemplate?.isEmpty != true)
    #expect(try inspection.warnings() == [])
  }

  @Test("Nothing is wrong with weights that nothing is wrong with")
  func clean() throws {
    let inspection = try gguf([
      ("token_embd.weight", noise(64 * 64, seed: 1)), ("output.weight", noise(64 * 64, seed: 2)),
    ])
    #expect(try inspection.warnings(readsAll: true) == [])
  }

  @Test("An output matrix that is the embedding again is noticed")
  func duplicate() throws {
    let values = noise(64 * 64, seed: 1)
    let warnings = try gguf([("token_embd.weight", values), ("output.weight", values)]).warnings()
    #expect(warnings.count == 1)
    #expect(
      warnings.first?.hasPrefix("output.weight holds the same bytes as token_embd.weight") == true)
  }

  @Test(
    "A value that is not finite is found at a place that is looked at, and anywhere when all is read"
  )
  func nonFinite() throws {
    var values = noise(1 << 16, seed: 1)
    values[30_001] = .infinity
    let inspection = try gguf([("blk.0.ffn_up.weight", values)])
    #expect(try inspection.warnings() == [])
    #expect(
      try inspection.warnings(readsAll: true)
        == ["blk.0.ffn_up.weight: the value 30001 is infinite or not a number"])
  }

  @Test("A missing pre-tokenizer, and tokens that cannot be, are noticed")
  func tokenizer() throws {
    let tokens = GGUFArray.string((0..<65).map { "t\($0)" })
    let metadata = GGUFMetadata([
      ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.tokens", .array(tokens)),
      ("tokenizer.ggml.eos_token_id", .uint32(65)),
    ])
    let warnings = try gguf(
      [("token_embd.weight", noise(64 * 64, seed: 1))], metadata: metadata
    ).warnings()
    #expect(
      warnings == [
        "tokenizer.ggml.pre is missing: readers guess how text is cut into words, and may get other tokens",
        "the tokenizer has 65 tokens, the embedding only 64 rows",
        "the token for eos is 65, of 65 tokens",
      ])
  }

  @Test("Floats that lie on few levels were quantized before", arguments: [4, 5, 6, 8])
  func lattice(bits: Int) throws {
    let half = Float(1 << (bits - 1))
    let block = bits == 6 ? 16 : 32
    let values = noise(1 << 14, seed: 3)
    // Every block has its scale, and its largest value is at the end of the levels.
    let quantized = stride(from: 0, to: values.count, by: block).flatMap { start in
      let part = values[start..<start + block]
      let largest = part.reduce(0) { max($0, abs($1)) }
      let scale = largest / (bits == 8 ? 127 : half)
      return part.map { max(-half, min(half, ($0 / scale).rounded())) * scale }
    }
    let names = (0..<3).map { "blk.\($0).ffn_up.weight" }
    let warnings = try gguf(names.map { ($0, quantized) }).warnings()
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("were quantized before") == true)
    #expect(try gguf(names.map { ($0, values) }).warnings() == [])
    // One matrix of few levels among others says nothing of the source.
    let one = try gguf([(names[0], quantized), (names[1], values), (names[2], values)])
    #expect(try one.warnings() == [])
  }
}
