import MappedFiles
import SystemPackage
import Tokenizers

/// A JSON file and typed access to its members.
///
/// A member that is `null` counts as absent, as it does for the programs that write these files.
struct JSONFile: Sendable {
  let path: FilePath
  let root: JSONValue

  /// - Throws: ``CheckpointError`` when it is not a JSON object, or `FileError`.
  init(_ path: FilePath) throws {
    self.path = path
    do {
      root = try JSONValue(parsing: MappedFile.contents(of: path))
    } catch let error as JSONError {
      throw CheckpointError(.malformedJSON(error), path: path)
    }
    guard case .object = root else {
      throw CheckpointError(
        .badKey("the file", expected: "a JSON object", found: root.brief), path: path)
    }
  }

  /// A file that may be missing.
  static func ifPresent(_ path: FilePath) throws -> JSONFile? {
    do {
      return try JSONFile(path)
    } catch let error as FileError where error.isMissingFile {
      return nil
    }
  }

  subscript(key: String) -> JSONValue? { Self.present(root[key]) }

  static func present(_ value: JSONValue?) -> JSONValue? { value?.isNull == true ? nil : value }

  // MARK: Members of a kind

  /// A whole number in a range, or `nil` when the key is absent.
  func integer(
    _ key: String, in range: ClosedRange<Int>, of object: JSONValue? = nil
  ) throws -> Int? {
    guard let value = Self.present((object ?? root)[key]) else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw bad(
        key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    return number
  }

  /// A finite number, or `nil` when the key is absent.
  func number(_ key: String, of object: JSONValue? = nil) throws -> Double? {
    guard let value = Self.present((object ?? root)[key]) else { return nil }
    guard let number = value.double, Float(number).isFinite else {
      throw bad(key, "a number", value)
    }
    return number
  }

  func bool(_ key: String) throws -> Bool? {
    guard let value = self[key] else { return nil }
    guard let flag = value.bool else { throw bad(key, "true or false", value) }
    return flag
  }

  func string(_ key: String, of object: JSONValue? = nil) throws -> String? {
    guard let value = Self.present((object ?? root)[key]) else { return nil }
    guard let text = value.string else { throw bad(key, "a text", value) }
    return text
  }

  func bad(_ key: String, _ expected: String, _ found: JSONValue?) -> CheckpointError {
    CheckpointError(
      .badKey(key, expected: expected, found: found?.brief ?? "nothing"), path: path)
  }
}

extension FileError {
  var isMissingFile: Bool {
    if case .system(operation: "open", .noSuchFileOrDirectory) = reason { true } else { false }
  }
}

extension JSONValue {
  /// A number of either kind.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value in a few words, for a message.
  var brief: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(60))\""
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}
