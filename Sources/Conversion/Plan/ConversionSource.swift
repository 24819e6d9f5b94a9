import Checkpoints
import Safetensors
import SystemPackage

/// A source that several plans share: opened once for all of them.
final class ConversionSource {
  let path: FilePath
  private let isGeneric: Bool
  private var openedCheckpoint: Checkpoint?
  private var openedSafetensors: SafetensorsCheckpoint?

  init(_ path: FilePath, isGeneric: Bool) {
    self.path = path
    self.isGeneric = isGeneric
  }

  /// The model in GGUF's terms.
  func checkpoint() throws -> Checkpoint {
    if let openedCheckpoint { return openedCheckpoint }
    let opened = try Checkpoint(at: path, isGeneric: isGeneric)
    openedCheckpoint = opened
    return opened
  }

  /// The tensors under the names they have in safetensors files.
  func safetensors() throws -> SafetensorsCheckpoint {
    if let openedSafetensors { return openedSafetensors }
    let opened = try SafetensorsCheckpoint(path)
    openedSafetensors = opened
    return opened
  }
}
