public import TensorCore

/// Why the rows of a model cannot be padded such that it computes the same.
public enum PaddingObstacle: Error, Sendable, Hashable {
  /// Nobody has looked whether its feed-forward networks can grow.
  case architecture(String)
  /// A safetensors file alone does not say how wide its model is.
  case noMetadata
  /// No key is known to state the width of such networks.
  case noKey
  case missingKey(String)
  /// A key states another width than the tensor has.
  case otherWidth(key: String, stated: Int, found: Int)
  case tooWide(Int)
  case shape(Shape, width: Int)
  /// A norm or a scale over the width, say.
  case unknownTensor
  case noDownProjection
}

extension PaddingObstacle: CustomStringConvertible {
  public var description: String {
    switch self {
    case .architecture(let name):
      "it is not known to be exact for the feed-forward networks of '\(name.printable)'"
    case .noMetadata: "a safetensors file does not state the widths of its model"
    case .noKey: "no metadata is known to state the width of this network"
    case .missingKey(let key): "no usable \(key.printable) in the metadata"
    case .otherWidth(let key, let stated, let found):
      "\(key.printable) is \(stated), but the network is \(found) wide"
    case .tooWide(let width): "\(width) is too wide for the metadata"
    case .shape(let shape, let width): "the shape \(shape) does not go with a width of \(width)"
    case .unknownTensor: "this tensor may depend on the width in another way"
    case .noDownProjection: "a network without ffn_down"
    }
  }
}
