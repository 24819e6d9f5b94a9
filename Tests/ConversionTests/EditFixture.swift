import Conversion
import GGUF
import SystemPackage
import TensorCore
import Workers

extension Edit {
  /// An edit that `change` says, without a seal unless that says so.
  init(_ change: (inout Edit) -> Void) {
    self.init()
    isSealed = false
    change(&self)
  }
}

extension ConversionFixture {
  /// A GGUF whose tensors confirm what its metadata say.
  func editable() throws -> FilePath {
    try gguf(
      Self.model(),
      metadata: GGUFMetadata([
        ("llama.embedding_length", .uint32(256)),
        ("tokenizer.ggml.tokens", .array(.string((0..<37).map { "t\($0)" }))),
        ("tokenizer.ggml.token_type", .array(.int32(Array(repeating: 1, count: 37)))),
      ]))
  }

  /// Writes an edited copy and returns its path.
  func edited(_ edit: Edit, of source: FilePath, as name: String) throws -> FilePath {
    let path = path(name)
    _ = try EditPlan(edit, of: source).copy(to: path).execute(on: WorkerPool(workerCount: 2))
    return path
  }
}
