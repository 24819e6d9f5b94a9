import GGUF
import MappedFiles
public import SystemPackage
public import Tokenizers

extension Tokenizer {
  /// The tokenizer of a checkpoint: a GGUF or any part of a split one, a Hugging Face folder or a `tokenizer.json`.
  ///
  /// - Throws: ``CheckpointError`` when there is none, or what is wrong with it.
  public init(at path: FilePath) throws {
    do {
      switch try FileKind(of: path) {
      case .gguf:
        try self.init(metadata: GGUFSet(path).metadata)
      case .folder:
        try self.init(folder: path)
      default:
        guard path.extension == "json" else {
          throw CheckpointError(.noTokenizer, path: path)
        }
        try self.init(folder: path.removingLastComponent(), tokenizer: path)
      }
    } catch let error as TokenizerError {
      throw CheckpointError(.tokenizer(error), path: path)
    }
  }

  private init(folder: FilePath, tokenizer: FilePath? = nil) throws {
    let tokenizer = tokenizer ?? folder.appending("tokenizer.json")
    guard let json = try FileSystem.bytesIfPresent(tokenizer) else {
      throw CheckpointError(.noTokenizer, path: folder)
    }
    let template = try FileSystem.bytesIfPresent(folder.appending("chat_template.jinja"))
    try self.init(
      tokenizerJSON: json,
      config: FileSystem.bytesIfPresent(folder.appending("tokenizer_config.json")),
      chatTemplate: template.map { String(decoding: $0, as: UTF8.self) })
  }
}
