import Checkpoints
import GGUF
import SystemPackage

extension ConversionPlan {
  init(
    folder destination: FilePath, from checkpoint: Checkpoint, at source: FilePath,
    options: ConversionOptions
  ) throws {
    throw ConversionError(.unknownDestinationFormat, path: destination)
  }
}

extension Checkpoint {
  init(at path: FilePath) throws {
    try self.init(GGUFFile(path))
  }
}
