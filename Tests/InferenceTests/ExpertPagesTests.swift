import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which pages of a mixture of experts are used: those of the experts that a token is sent to.
@Suite(.serialized) struct ExpertPagesTests {
  private let folder: TemporaryFolder
  /// With an embedding that is worth reading ahead.
  private let tiny = TinyModel(
    layers: 1, width: 256, heads: 4, headDim: 64, feedForward: 1024, vocabulary: 8192,
    isTied: false)

  init() throws { folder = try TemporaryFolder() }

  private static let (count, used) = (8, 2)
  private static let page = Int(getpagesize())

  /// Matrices of a megabyte, and attention that adds nothing: the router sees the embedding.
  private func model() throws -> FilePath {
    let metadata = GGUFMetadata(
      tiny.metadata.entries + [
        ("llama.expert_count", .uint32(UInt32(Self.count))),
        ("llama.expert_used_count", .uint32(UInt32(Self.used))),
      ])
    return try tiny.write(
      to: folder, metadata: metadata,
      tensors: { tensors in
        tensors.flatMap { name, shape -> [(name: String, shape: [Int])] in
          guard name.contains("ffn_"), !name.contains("norm") else { return [(name, shape)] }
          let stack = (name.replacing(".weight", with: "_exps.weight"), [Self.count] + shape)
          return name.contains("ffn_gate")
            ? [stack, ("blk.0.ffn_gate_inp.weight", [Self.count, tiny.width])] : [stack]
        }
      },
      values: { name, count in
        name.contains("attn_output") ? [Float](repeating: 0, count: count) : nil
      })
  }

  /// The experts that a token is sent to, by the definition.
  private func chosen(_ token: Int) -> Set<Int> {
    let width = tiny.width
    let row = tiny.values("token_embd.weight", count: tiny.vocabulary * width)[
      token * width..<(token + 1) * width]
    let norm = tiny.values("blk.0.ffn_norm.weight", count: width)
    let router = tiny.values("blk.0.ffn_gate_inp.weight", count: Self.count * width)
    let scores = (0..<Self.count).map { expert in
      zip(zip(row, norm), router[expert * width..<(expert + 1) * width])
        .reduce(0) { $0 + $1.0.0 * $1.0.1 * $1.1 }
    }
    return Set((0..<Self.count).sorted { scores[$0] > scores[$1] }.prefix(Self.used))
  }

  /// The share of each expert's pages of which `isThere` holds, the least and the most of its matrices.
  private func shares(
    _ set: GGUFSet, _ isThere: (_ page: Int) -> Bool
  ) -> [ClosedRange<Double>] {
    let stacks = set.tensors.filter { $0.name.hasSuffix("_exps.weight") }
    return (0..<Self.count).map { expert in
      let shares = stacks.map { tensor -> Double in
        let size = tensor.byteCount / Self.count
        let start = tensor.offset + expert * size
        let pages = (start + Self.page - 1) / Self.page..<(start + size) / Self.page
        return Double(pages.count(where: isThere)) / Double(pages.count)
      }
      return (shares.min() ?? 0)...(shares.max() ?? 0)
    }
  }

  #if os(Linux)
    /// Whether each page of the file is in memory, whoever asked for it.
    private func resident(_ set: GGUFSet) -> [Bool] {
      set.files[0].file.withBytes { bytes in
        var state = [UInt8](repeating: 0, count: (bytes.count + Self.page - 1) / Self.page)
        _ = mincore(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, &state)
        return state.map { $0 & 1 == 1 }
      }
    }

    /// Takes the pages of a file from memory, where it lies on a disk.
    private func drop(_ path: FilePath) {
      let descriptor = path.withPlatformString { open($0, O_RDONLY) }
      guard descriptor >= 0 else { return }
      defer { close(descriptor) }
      fsync(descriptor)
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    @Test(
      "A token has the pages of its own experts read, and reading ahead those that every token needs",
      arguments: [3, 17, 40])
    func onlyChosen(token: Int) throws {
      let path = try model()
      drop(path)
      let set = try GGUFSet(path)
      let before = resident(set)
      // A filesystem in memory has nowhere to read from.
      guard before.count(where: { $0 }) < before.count / 2 else { return }
      let model = try Model(set)
      model.prefetch()
      let dense = try #require(set.tensors.first { $0.name == "output.weight" })
      let pages = dense.offset / Self.page..<(dense.offset + dense.byteCount) / Self.page
      for _ in 0..<1000 where !resident(set)[pages].allSatisfy({ $0 }) { usleep(10_000) }
      #expect(resident(set)[pages].allSatisfy { $0 })
      let untouched = resident(set)
      #expect(shares(set) { untouched[$0] }.allSatisfy { $0.upperBound < 0.25 })
      _ = try Session(model, contextLength: 32).forward([Int32(token)])
      let touched = resident(set)
      let expected = chosen(token)
      for (expert, share) in shares(set, { touched[$0] }).enumerated() {
        if expected.contains(expert) {
          #expect(share.lowerBound == 1, "expert \(expert)")
        } else {
          #expect(share.upperBound < 0.25, "expert \(expert)")
        }
      }
    }
  #endif
}
