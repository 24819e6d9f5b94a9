public import MappedFiles
public import SystemPackage

/// Why a header cannot be edited as asked.
public struct EditError: FileProblem, Hashable {
  public enum Reason: Sendable, Hashable {
    // MARK: What is asked
    case nothingToDo
    case repeatedKey(String)
    case noSuchKey(String)
    case noSuchTensor(String)
    case renamedTwice(String)
    case nameTaken(String)
    case emptyName
    /// A key that means something only together with the bytes of the file.
    case fixedKey(String, why: String)
    case onlyStrings(key: String, found: String)
    /// The header of this file is not the one that was sealed.
    case brokenSeal(String)

    // MARK: What may be forced
    case otherType(key: String, expected: String, found: String)
    case otherArchitecture(from: String, to: String)
    /// A number that the tensors confirm now, and would not any more.
    case contradiction(key: String, expected: Int, found: String, evidence: String)
    case nestedArray(key: String)
    case unknownFramework(String)
    case namedByIndex(String)

    // MARK: Where it goes
    case notOneFile
    case doesNotFit(byteCount: Int, available: Int)
    case severalParts([String])
  }

  public let path: FilePath?
  public let reason: Reason

  public init(_ reason: Reason, path: FilePath? = nil) {
    self.reason = reason
    self.path = path
  }
}

extension EditError.Reason {
  /// Whether `--force` does it all the same.
  var mayBeForced: Bool {
    switch self {
    case .otherType, .otherArchitecture, .contradiction, .nestedArray, .unknownFramework,
      .namedByIndex:
      true
    default: false
    }
  }
}

extension EditError: CustomStringConvertible {
  public var description: String {
    reason.mayBeForced ? "\(reason); --force does it all the same" : "\(reason)"
  }
}

extension EditError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .nothingToDo: "nothing to change was asked for"
    case .repeatedKey(let key): "the key \(key.printable) is asked for twice"
    case .noSuchKey(let key): "there is no key \(key.printable)"
    case .noSuchTensor(let name): "there is no tensor \(name.printable)"
    case .renamedTwice(let name): "the tensor \(name.printable) is renamed twice"
    case .nameTaken(let name): "a tensor is called \(name.printable) already"
    case .emptyName: "a name is empty"
    case .fixedKey(let key, let why): "\(key.printable) cannot be changed: \(why)"
    case .onlyStrings(let key, let found):
      "\(key.printable): the metadata of safetensors are strings, found \(found)"
    case .brokenSeal(let name):
      "the header of \(name.printable) is not the one that was sealed: it is damaged, or another program changed "
        + "it; --no-seal takes the seal away"
    case .otherType(let key, let expected, let found):
      "\(key.printable) is of type \(expected) and would be \(found), which readers may refuse"
    case .otherArchitecture(let from, let to):
      "general.architecture is \(from.printable) and would be \(to.printable), "
        + "whose keys and tensors have other names"
    case .contradiction(let key, let expected, let found, let evidence):
      "\(key.printable) would be \(found.printable), and \(evidence.printable) says \(expected)"
    case .nestedArray(let key):
      "\(key.printable) would be an array of arrays, which llama.cpp does not read"
    case .unknownFramework(let found):
      "format would be \(found.printable), and transformers wants pt, tf, flax or mlx there"
    case .namedByIndex(let name):
      "\(name.printable) beside it says which file holds which tensor, and would be wrong"
    case .notOneFile:
      "a folder is edited file by file: expected a GGUF or a safetensors file"
    case .doesNotFit(let byteCount, let available):
      "the new header takes \(byteCount) bytes, and \(available) lie before the tensors: give a "
        + "destination instead of --in-place"
    case .severalParts(let names):
      "the change lies in \(names.count) files of the set (keys in the first, names of tensors where these "
        + "lie), and only one is changed in place: give a destination instead, or change "
        + "\(names.map(\.printable).joined(separator: " and ")) one by one"
    }
  }
}
