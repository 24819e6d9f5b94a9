import GGUF
import Inference
import Synchronization
import TestSupport
import Testing
import Workers

@Suite struct CopiedModelTests {
  @Test("A model that was read into memory computes the same, and needs its file no more")
  func equal() throws {
    let folder = try TemporaryFolder()
    let path = try TinyModel().write(to: folder)
    let tokens: [Int32] = [3, 1, 4, 1, 5]
    let mapped = try Session(Model(path: path)).forward(tokens, allLogits: true)
    var reports: [Int] = []
    let copy = try GGUFSet(reading: path, on: WorkerPool(workerCount: 3)) { done, total in
      reports.append(done)
      #expect(done <= total)
    }
    let model = try Model(copy)
    model.prefetch()
    _ = try folder.write([], as: "tiny.gguf")
    let session = try Session(model)
    #expect(try session.forward(tokens, allLogits: true) == mapped)
    try copy.checkUnchanged()
  }

  @Test("A session says what it claims: keys and values by their count, and what it computes in")
  func claims() throws {
    let folder = try TemporaryFolder()
    let model = try Model(path: try TinyModel().write(to: folder))
    let session = try Session(model, contextLength: 64, cacheType: .f32)
    let tiny = TinyModel()
    #expect(
      session.cacheByteCount == 2 * 64 * tiny.layers * tiny.kvHeads * tiny.headDim * 4)
    #expect(session.workspaceByteCount > 64 * tiny.width * 4)
  }
}
