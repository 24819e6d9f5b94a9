import ArgumentParser
import Conversion
import TensorCore

/// `REGEX=TYPE`, as people type it.
struct TypeRule: Sendable {
  let override: TypeOverride

  init(parsing text: String) throws {
    // A type's name has no sign, an expression may.
    guard let sign = text.lastIndex(of: "="), sign > text.startIndex else {
      throw ValidationError("expected REGEX=TYPE, found '\(text.printable)'")
    }
    override = TypeOverride(
      try Self.pattern(String(text[..<sign])),
      try Self.type(String(text[text.index(after: sign)...])))
  }

  static func pattern(_ text: String) throws -> TensorPattern {
    do {
      return try TensorPattern(text)
    } catch {
      throw ValidationError("'\(text.printable)' is no regular expression")
    }
  }

  static func type(_ name: String) throws -> TensorType {
    guard let type = TensorType(name: name), type.ggmlID != nil else {
      throw ValidationError("no type of a tensor is called '\(name.printable)'")
    }
    return type
  }
}
