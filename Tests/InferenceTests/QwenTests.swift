import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Workers

/// The original Qwen computes what Qwen2 does, from tensors that lie otherwise.
@Suite struct QwenTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private let tiny = TinyModel(architecture: "qwen2", heads: 6, kvHeads: 6, isTied: false)

  private func qwen(
    edit: (inout GGUFMetadata) -> Void = { _ in }
  ) throws -> FilePath {
    var metadata = GGUFMetadata(
      tiny.metadata.entries.filter { !$0.key.hasSuffix("head_count_kv") }.map {
        ($0.key.replacing("qwen2.", with: "qwen."), $0.value)
      })
    metadata["general.architecture"] = .string("qwen")
    metadata["qwen.feed_forward_length"] = .uint32(UInt32(2 * tiny.feedForward))
    edit(&metadata)
    return try tiny.write(
      to: folder, metadata: metadata,
      tensors: { tensors in
        tensors.compactMap { name, shape in
          if name.contains("attn_k.") || name.contains("attn_v.") { return nil }
          guard name.contains("attn_q.") else { return (name, shape) }
          return (name.replacing("attn_q.", with: "attn_qkv."), [3 * shape[0]] + shape.dropFirst())
        }
      },
      values: { name, count in
        guard name.contains("attn_qkv.") else { return nil }
        return ["attn_q.", "attn_k.", "attn_v."].flatMap {
          tiny.values(name.replacing("attn_qkv.", with: $0), count: count / 3)
        }
      })
  }

  private func logits(_ path: FilePath) throws -> [Float] {
    let session = try Session(Model(path: path), pool: WorkerPool(workerCount: 2))
    return try session.forward((0..<20).map { Int32($0 * 37 % 71) }, allLogits: true)
  }

  @Test("Its logits are those of a Qwen2 with the same weights")
  func equalsQwen2() throws {
    let expected = try logits(try tiny.write(to: folder))
    let found = try logits(try qwen())
    #expect(found == expected)
    #expect(found.contains { $0 != 0 })
  }

  @Test("Heads that share keys and values are refused")
  func refusesGroups() throws {
    let path = try qwen { $0["qwen.attention.head_count_kv"] = .uint32(2) }
    #expect(throws: ModelError.self) { try Model(path: path) }
  }
}
