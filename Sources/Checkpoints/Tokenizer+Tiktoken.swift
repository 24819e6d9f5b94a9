import MappedFiles
import SystemPackage
import Tokenizers

extension Tokenizer {
  /// The tokenizer of a folder whose vocabulary is a tiktoken file.
  ///
  /// - Returns: `nil` where the folder has a `tokenizer.json`, which says everything, or no such file.
  static func tiktoken(in folder: FilePath, _ encoding: TiktokenEncoding?) throws -> Tokenizer? {
    let names = try FolderListing(folder).names
    guard !names.contains("tokenizer.json") else { return nil }
    let files = names.filter { $0.hasSuffix(".tiktoken") }.sorted()
    guard let name = files.first ?? names.first(where: { $0 == "tokenizer.model" }) else {
      return nil
    }
    return try tiktoken(folder.appending(name), encoding)
  }

  /// The tokenizer of a tiktoken file; `nil` where the file is another.
  static func tiktoken(_ path: FilePath, _ encoding: TiktokenEncoding?) throws -> Tokenizer? {
    let isNamed = path.extension == "tiktoken"
    guard isNamed || path.extension == "model" || encoding != nil else { return nil }
    let bytes = try MappedFile.contents(of: path)
    guard isNamed || encoding != nil || TiktokenRanks.isLikely(bytes) else { return nil }
    do {
      guard let encoding = try encoding ?? TiktokenEncoding(of: path) else {
        throw TokenizerError.unknownEncoding(known: TiktokenEncoding.names)
      }
      return try Tokenizer(
        tiktoken: bytes, encoding: encoding, rowCount: rowCount(beside: path),
        chatTemplate: template(beside: path))
    } catch let error as TokenizerError {
      throw CheckpointError(.tokenizer(error), path: path)
    }
  }

  /// Rows of the embedding, where the folder says.
  private static func rowCount(beside path: FilePath) throws -> Int? {
    try JSONFile.ifPresent(path.folder.appending("config.json"))?
      .integer("vocab_size", in: DecoderConfig.Limit.extent)
  }

  private static func template(beside path: FilePath) throws -> String? {
    let settings = try JSONFile.ifPresent(path.folder.appending("tokenizer_config.json"))
    return try ChatTemplates(folder: path.folder, settings: settings).standard
      ?? QwenChat.template(of: path.folder)
  }
}

extension TiktokenEncoding {
  /// The encoding that a file is named after, or that its folder tells: Llama 3 has its ranks in a
  /// `tokenizer.model`.
  fileprivate init?(of path: FilePath) throws {
    if let found = path.stem.flatMap(TiktokenEncoding.named) {
      self = found
    } else if path.lastComponent?.string == "tokenizer.model", let llama = Self.named("llama3"),
      try Self.isLlama(path.folder)
    {
      self = llama
    } else {
      return nil
    }
  }

  /// Whether the folder holds a Llama, as Hugging Face or as Meta publishes it.
  private static func isLlama(_ folder: FilePath) throws -> Bool {
    if let config = try JSONFile.ifPresent(folder.appending("config.json")) {
      return ["llama", "mllama"].contains(config["model_type"]?.string)
    }
    return try JSONFile.ifPresent(folder.appending("params.json"))?["n_heads"] != nil
  }
}
