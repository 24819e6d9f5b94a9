import GGUF
import MappedFiles
public import SystemPackage
public import Tokenizers

extension Tokenizer {
  /// The tokenizer of a checkpoint: a GGUF or any part of a split one, a Hugging Face folder, a
  /// `tokenizer.json` or a tiktoken file.
  ///
  /// - Parameter encoding: How a tiktoken file is meant, where it is not named after its encoding.
  /// - Throws: ``CheckpointError`` when there is none, or what is wrong with it.
  public init(at path: FilePath, encoding: TiktokenEncoding? = nil) throws {
    do {
      switch try FileKind(of: path) {
      case .gguf:
        try self.init(metadata: GGUFSet(path).metadata)
      case .folder:
        if let tokenizer = try Self.tiktoken(in: path, encoding) {
          self = tokenizer
        } else {
          try self.init(folder: path)
        }
      default:
        if let tokenizer = try Self.tiktoken(path, encoding) {
          self = tokenizer
          return
        }
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
