import Conversion
import GGUF
import Inference
import SystemPackage
import TestSupport
import Testing
import Workers

/// Windows where llama.cpp's converter leaves them out.
@Suite struct WindowTests {
  /// The logits behind the last of 40 tokens, with another first one.
  private func logits(first: Int32, window: UInt32?) throws -> [Float] {
    let folder = try TemporaryFolder()
    let tiny = TinyModel()
    let more = window.map { [("llama.attention.sliding_window", GGUFValue.uint32($0))] } ?? []
    let path = try tiny.write(
      to: folder, metadata: GGUFMetadata(tiny.metadata.entries + more))
    let session = try Session(
      Model(path: path), cacheType: .f32, pool: WorkerPool(workerCount: 2))
    return Array(try session.forward([first] + (1..<40).map { Int32($0 * 37 % 71) }))
  }

  @Test("A llama with a window does not see what lies before it")
  func unseen() throws {
    #expect(try logits(first: 5, window: 4) == logits(first: 6, window: 4))
    #expect(try logits(first: 5, window: nil) != logits(first: 6, window: nil))
    #expect(try logits(first: 5, window: 0) == logits(first: 5, window: nil))
    #expect(try logits(first: 5, window: 40) == logits(first: 5, window: nil))
  }
}
