/// What Python's `is...` methods say of a text.
enum TextClass {
  static func holds(_ name: String, _ text: String) -> Bool {
    let scalars = text.unicodeScalars
    func all(_ test: (Unicode.Scalar) -> Bool) -> Bool {
      !scalars.isEmpty && scalars.allSatisfy(test)
    }
    switch name {
    case "isdecimal": return all { $0.properties.numericType == .decimal }
    case "isdigit":
      return all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
    case "isnumeric": return all { $0.properties.numericType != nil }
    case "isalpha": return all(isLetter)
    case "isalnum": return all { isLetter($0) || $0.properties.numericType != nil }
    case "isspace": return all(PythonText.isSpace)
    case "isascii": return scalars.allSatisfy(\.isASCII)
    case "isprintable": return scalars.allSatisfy(PythonText.isPrintable)
    case "istitle": return isTitle(text)
    case "islower": return isCase(text) { $0.properties.isLowercase }
    default: return isCase(text) { $0.properties.isUppercase }
    }
  }

  /// At least one letter has a case, and none has another.
  private static func isCase(_ text: String, _ test: (Unicode.Scalar) -> Bool) -> Bool {
    var found = false
    for scalar in text.unicodeScalars where isCased(scalar) {
      guard test(scalar) else { return false }
      found = true
    }
    return found
  }

  private static func isTitle(_ text: String) -> Bool {
    var found = false
    var isInWord = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isUppercase || isTitlecase(scalar) {
        guard !isInWord else { return false }
        (found, isInWord) = (true, true)
      } else if scalar.properties.isLowercase {
        guard isInWord else { return false }
      } else {
        isInWord = false
      }
    }
    return found
  }

  static func isCased(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isLowercase || scalar.properties.isUppercase || isTitlecase(scalar)
  }

  private static func isTitlecase(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .titlecaseLetter
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
