import MappedFiles
import SystemPackage
import TensorCore
import Tokenizers

extension HuggingFaceFolder {
  /// Endings of the files beside the weights that belong to a checkpoint and hold no code.
  private static let copied = [".json", ".jinja", ".txt", ".model", ".md", ".tiktoken"]
  private static let copiedByteLimit = 1 << 28

  /// The text files of another Hugging Face folder, its `config.json` with the new type of the weights
  /// and, when it grew, the new width of the feed-forward networks.
  ///
  /// - Parameter isQuantized: Whether weights stay quantized as the folder says.
  static func copies(
    from folder: FilePath, type: TensorType, feedForwardWidth: Int?, isQuantized: Bool = false
  ) throws -> [TextFile] {
    try FolderListing(folder).names.compactMap { name in
      // Weights are written as plain floats, whatever they were.
      guard copied.contains(where: name.hasSuffix), !name.hasSuffix(".index.json"),
        !QuantizationDeclaration.fileNames.contains(name)
      else { return nil }
      let path = folder.appending(name)
      guard try FileKind(of: path) != .folder else { return nil }
      guard try MappedFile(path).byteCount <= copiedByteLimit else { return nil }
      guard name == "config.json" else {
        return TextFile(name: name, bytes: try MappedFile.contents(of: path))
      }
      let config = try JSONFile(path)
      let key = config["dtype"] != nil ? "dtype" : "torch_dtype"
      var changed = config.root.setting(key, .string(ConfigWriter.dtype(type)))
      // Weights are written as plain floats, whatever they were, but blocks that are kept.
      if !isQuantized {
        changed = changed.removing(["quantization_config", "compression_config"])
      }
      if let feedForwardWidth, config["intermediate_size"] != .integer(feedForwardWidth) {
        changed = changed.setting("intermediate_size", .integer(feedForwardWidth))
      }
      return TextFile(name: name, bytes: changed.text)
    }
  }
}
