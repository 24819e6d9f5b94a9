internal import TensorCore
public import Tokenizers

/// Why a JSON schema cannot be turned into a grammar. Places are JSON pointers, as `#/properties/name`.
public enum SchemaError: Error, Hashable, Sendable {
  case malformed(JSONError)
  case badValue(at: String, keyword: String, expected: String)
  /// A keyword that no grammar of ours can hold.
  case unsupported(at: String, keyword: String, why: String)
  /// No text conforms.
  case nothingConforms(at: String)
  /// A reference to nothing, or to another document.
  case badReference(at: String, String)
  case badPattern(at: String, pattern: String, offset: Int, why: String)
  case tooLarge(at: String, limit: Int)
  /// A schema that merges with itself without end.
  case endless(at: String)
}

extension SchemaError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let error): "\(error)"
    case .badValue(let place, let keyword, let expected):
      "\(place.printable): '\(keyword.printable)' is not \(expected)"
    case .unsupported(let place, let keyword, let why):
      "\(place.printable): '\(keyword.printable)' cannot be held to: \(why)"
    case .nothingConforms(let place): "\(place.printable): nothing conforms to this schema"
    case .badReference(let place, let reference):
      "\(place.printable): '\(reference.printable)' is no place in this schema"
    case .badPattern(let place, let pattern, let offset, let why):
      "\(place.printable): pattern '\(pattern.printable)': \(why) at character \(offset + 1)"
    case .tooLarge(let place, let limit):
      "\(place.printable): with its references written out, the schema has more than \(limit) parts"
    case .endless(let place): "\(place.printable): the schema is part of itself"
    }
  }
}
