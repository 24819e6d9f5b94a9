import GGUF
import MappedFiles
public import SystemPackage
public import Tokenizers

extension Tokenizer {
  /// The tokenizer of a checkpoint: a GGUF, a Hugging Face folder or a `tokenizer.json`.
  ///
  /// - Throws: ``CheckpointError`` when there is none, or what is wrong with it.
  public init(at path: FilePath) throws {
    do {
      switch try FileKind(of: path) {
      case .gguf:
        try self.init(metadata: GGUFFile(path).metadata)
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
    guard let json = try Self.contents(tokenizer) else {
      throw CheckpointError(.noTokenizer, path: folder)
    }
    let template = try Self.contents(folder.appending("chat_template.jinja"))
    try self.init(
      tokenizerJSON: json, config: Self.contents(folder.appending("tokenizer_config.json")),
      chatTemplate: template.map { String(decoding: $0, as: UTF8.self) })
  }

  /// The bytes of a file, or `nil` when there is none.
  private static func contents(_ path: FilePath) throws -> [UInt8]? {
    do throws(FileError) {
      return try MappedFile(path).withBytes { Array($0) }
    } catch {
      if error.reason == .system(operation: "open", .noSuchFileOrDirectory) { return nil }
      throw error
    }
  }
}
