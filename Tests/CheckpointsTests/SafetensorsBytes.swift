import Safetensors
import SystemPackage

/// The tensors of a folder by their own names, as stored.
struct SafetensorsBytes {
  private let checkpoint: SafetensorsCheckpoint

  init(_ path: FilePath) throws { checkpoint = try SafetensorsCheckpoint(path) }

  var names: [String] { checkpoint.tensors.map(\.tensor.name) }

  func bytes(of name: String) -> [UInt8]? {
    withExtendedLifetime(checkpoint) {
      checkpoint.tensor(name).map { Array(checkpoint.bytes(of: $0)) }
    }
  }
}
