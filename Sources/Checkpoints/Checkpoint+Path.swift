import GGUF
import MappedFiles
public import SystemPackage

extension Checkpoint {
  /// The checkpoint at a path, judged by its first bytes: a GGUF or any part of a split one, a Hugging
  /// Face folder, or the weights of one.
  ///
  /// - Parameter isGeneric: Let tensors of a folder whose architecture is not known keep their names.
  /// - Throws: ``CheckpointError`` when it is none, or the error of its format.
  public init(at path: FilePath, isGeneric: Bool = false) throws {
    switch try FileKind(of: path) {
    case .gguf: try self.init(gguf: path)
    case .folder, .safetensors: try self.init(huggingFace: path, isGeneric: isGeneric)
    case .pytorch: throw CheckpointError(.pytorch, path: path)
    case .unknown:
      guard path.lastComponent?.string.hasSuffix(".safetensors.index.json") == true else {
        throw CheckpointError(.notACheckpoint, path: path)
      }
      try self.init(huggingFace: path, isGeneric: isGeneric)
    }
  }

  /// A GGUF file, or the set that it is a part of, its metadata and tensors as they are.
  ///
  /// - Throws: `GGUFError` or `FileError`.
  public init(gguf path: FilePath) throws {
    try self.init(GGUFSet(path))
  }
}
