public import MappedFiles
public import SystemPackage
public import Tokenizers

/// Why a path is no checkpoint that can be converted or run.
public struct CheckpointError: FileProblem {
  public enum Reason: Sendable, Hashable {
    case noArchitecture
    case noTokenizer
    case tokenizer(TokenizerError)
  }

  public let path: FilePath?
  public let reason: Reason

  public init(_ reason: Reason, path: FilePath?) {
    self.path = path
    self.reason = reason
  }
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .noArchitecture: "the metadata lack general.architecture"
    case .noTokenizer:
      "no tokenizer here: expected a GGUF, a tokenizer.json or a folder that holds one"
    case .tokenizer(let error): "tokenizer: \(error)"
    }
  }
}
