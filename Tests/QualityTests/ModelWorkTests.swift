import GGUF
import Kernels
import Quality
import TensorCore
import TestSupport
import Testing

@Suite struct ModelWorkTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func work(isTied: Bool) throws -> ModelWork {
    var tensors: [(name: String, type: TensorType, shape: Shape)] = [
      ("token_embd.weight", .q8_0, try Shape([500, 256])),
      ("blk.0.attn_norm.weight", .f32, try Shape([256])),
      ("blk.0.attn_q.weight", .q4_K, try Shape([128, 256])),
      ("blk.0.ffn_up.weight", .f16, try Shape([64, 256])),
      ("output_norm.weight", .f32, try Shape([256])),
    ]
    if !isTied { tensors.append(("output.weight", .f32, try Shape([500, 256]))) }
    let layout = try GGUFLayout(metadata: GGUFMetadata([]), tensors: tensors)
    let padding = [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    let path = try folder.write(layout.header + padding, as: "model.gguf")
    return ModelWork(GGUFSet(try GGUFFile(path)), kernels: .active)
  }

  private let ceilings = Ceilings(memoryRead: 1e9, int8Macs: 1e9, floatMacs: 1e8)

  @Test("A token reads the matrices, not the norms, nor an embedding that is only looked up")
  func bytes() throws {
    let layers = 128 * 144 + 64 * 256 * 2
    #expect(try work(isTied: true).byteCountPerToken == layers + 500 * 8 * 34)
    #expect(try work(isTied: false).byteCountPerToken == layers + 500 * 256 * 4)
  }

  @Test("Of experts only those count that a token passes")
  func experts() throws {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([
        ("general.architecture", .string("qwen3moe")), ("qwen3moe.expert_used_count", .uint32(3)),
      ]),
      tensors: [
        ("token_embd.weight", .f32, try Shape([10, 256])),
        ("blk.0.ffn_gate_inp.weight", .f32, try Shape([8, 256])),
        ("blk.0.ffn_up_exps.weight", .q4_K, try Shape([8, 64, 256])),
        ("blk.0.ffn_up_exps.bias", .f32, try Shape([8, 64])),
      ])
    let padding = [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
    let path = try folder.write(layout.header + padding, as: "experts.gguf")
    let work = ModelWork(GGUFSet(try GGUFFile(path)), kernels: .active)
    #expect(work.byteCountPerToken == 10 * 1024 + 8 * 1024 + 3 * 64 * 144)
    #expect(work.macsPerToken == [.float: 8 * 256, .int8: 3 * 64 * 256])
  }

  @Test("A prompt multiplies its tokens with the layers and the last with the output")
  func macs() throws {
    let query = 128 * 256.0
    let up = 64 * 256.0
    let output = 500 * 256.0
    let tied = try work(isTied: true).macs(promptOf: 10)
    #expect(tied[.int8] == 10 * query + output)
    #expect(tied[.float] == 10 * up)
    let untied = try work(isTied: false).macs(promptOf: 10)
    #expect(untied[.int8] == 10 * query)
    #expect(untied[.float] == 10 * up + output)
  }

  @Test("The share of generation is bytes a second over the memory ceiling")
  func generationShare() throws {
    let work = try work(isTied: true)
    let byteCount = 128 * 144 + 64 * 512 + 500 * 272
    let expected = Double(byteCount) * 1000 / 1e9
    #expect(abs(work.share(generationAt: 1000, of: ceilings) - expected) < 1e-12)
  }

  @Test("The share of a prompt is its time at the peak of each arithmetic over its time")
  func promptShare() throws {
    let work = try work(isTied: true)
    // 10 tokens at 100 a second take a tenth of a second.
    let bytes = 10 * 128 * 256 + 500 * 256
    let floats = 10 * 64 * 256
    let seconds = Double(bytes) / 1e9 + Double(floats) / 1e8
    let share = work.share(promptOf: 10, tokensPerSecond: 100, of: ceilings)
    #expect(abs(share - seconds / 0.1) < 1e-12)
  }
}
