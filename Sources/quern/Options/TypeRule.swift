import ArgumentParser
import Conversion
import TensorCore

/// `REGEX=TYPE`, as people type it: a type for the tensors in whose names the expression finds something.
///
/// It means what it means to llama.cpp's quantizer: an expression is read in small letters and looked for
/// anywhere in the name, the first rule that finds it decides, and it decides only for tensors that are
/// quantized at all. A rule goes before the recipe and before `--pure`, `--output-type` and
/// `--embedding-type` go before a rule; rows that do not fill the type's blocks get its fallback.
///
/// Three differences. An escape keeps its capital: llama.cpp reads `\D` as `\d`. The last `=` ends the
/// expression, so that one can hold `(?=…)`: llama.cpp takes the first and refuses the rest. And the
/// expressions are Swift's, a superset of ECMAScript's for what names call for.
///
/// - Source: `parse_tensor_type` in llama.cpp's tools/quantize/quantize.cpp, `llama_tensor_get_type` in
///   its src/llama-quant.cpp.
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
      return try TensorPattern(inSmallLetters(text))
    } catch {
      throw ValidationError("'\(text.printable)' is no regular expression")
    }
  }

  /// The expression without capitals, but for those that a backslash makes a class of characters.
  private static func inSmallLetters(_ text: String) -> String {
    var isEscaped = false
    return text.map { character in
      let kept = isEscaped
      isEscaped = character == "\\" && !isEscaped
      return kept ? String(character) : character.lowercased()
    }
    .joined()
  }

  static func type(_ name: String) throws -> TensorType {
    guard let type = TensorType(name: name), type.ggmlID != nil else {
      throw ValidationError("no type of a tensor is called '\(name.printable)'")
    }
    return type
  }
}
