import GGUF
import Inference
import TestSupport
import Testing

@Suite struct HeadSizeTests {
  @Test("Heads too small to turn are refused", arguments: [1, 3])
  func odd(_ headDim: Int) throws {
    let folder = try TemporaryFolder()
    let path = try TinyModel(headDim: headDim).write(to: folder)
    let error = #expect(throws: ModelError.self) { try Model(path: path) }
    #expect(
      error
        == .badValue(
          key: "llama.rope.dimension_count", found: "\(headDim)", expected: "an even number"))
  }
}
