import GGUF
import MappedFiles
public import SystemPackage
public import Tokenizers

extension Tokenizer {
  /// The tokenizer of a checkpoint: a GGUF or any part of a split one, a Hugging Face folder, a
  /// `tokenizer.json`, a SentencePiece `.model` or a tiktoken file.
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
        let folder = path.removingLastComponent()
        switch path.extension {
        case "json": try self.init(folder: folder, tokenizer: path)
        case "model": try self.init(sentencePiece: MappedFile.contents(of: path), folder: folder)
        default: throw CheckpointError(.noTokenizer, path: path)
        }
      }
    } catch let error as TokenizerError {
      throw CheckpointError(.tokenizer(error), path: path)
    }
  }

  private init(folder: FilePath, tokenizer: FilePath? = nil) throws {
    let json = try FileSystem.bytesIfPresent(tokenizer ?? folder.appending("tokenizer.json"))
    if let json {
      try self.init(
        tokenizerJSON: json,
        config: FileSystem.bytesIfPresent(folder.appending("tokenizer_config.json")),
        chatTemplate: FileSystem.textIfPresent(folder.appending("chat_template.jinja")))
    } else if let model = try FileSystem.bytesIfPresent(folder.appending("tokenizer.model")) {
      try self.init(sentencePiece: model, folder: folder)
    } else {
      throw CheckpointError(.noTokenizer, path: folder)
    }
  }

  private init(sentencePiece: [UInt8], folder: FilePath) throws {
    try self.init(
      sentencePieceModel: sentencePiece,
      config: FileSystem.bytesIfPresent(folder.appending("tokenizer_config.json")),
      chatTemplate: FileSystem.textIfPresent(folder.appending("chat_template.jinja")))
  }
}
