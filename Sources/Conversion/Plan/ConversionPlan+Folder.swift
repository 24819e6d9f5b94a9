import Checkpoints
import SystemPackage

extension ConversionPlan {
  init(
    folder destination: FilePath, from checkpoint: Checkpoint, at source: FilePath,
    options: ConversionOptions
  ) throws {
    throw ConversionError(.unknownDestinationFormat, path: destination)
  }
}
