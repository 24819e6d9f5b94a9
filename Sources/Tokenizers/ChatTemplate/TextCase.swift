/// Python's changes of case.
extension ScalarText {
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    let rest = lowercased(text).unicodeScalars.dropFirst(
      first.properties.lowercaseMapping.unicodeScalars.count)
    return first.properties.titlecaseMapping + string(rest)
  }

  /// Every letter after a character without case becomes a capital, as `str.title` does.
  static func title(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    var isInWord = false
    for (index, scalar) in scalars.enumerated() {
      result += isInWord ? lowercased(scalars, index) : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  static func swappedCase(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.map { index in
      let properties = scalars[index].properties
      if properties.isUppercase { return lowercased(scalars, index) }
      return properties.isLowercase ? properties.uppercaseMapping : String(scalars[index])
    }.joined()
  }

  /// Letters whose capitals are the same become the same; the dotless i stays one.
  static func caseFolded(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      guard scalar != "\u{131}" else { return String(scalar) }
      return scalar.properties.uppercaseMapping.unicodeScalars
        .map(\.properties.lowercaseMapping).joined()
    }.joined()
  }

  static func lowercased(_ text: String) -> String {
    guard text.unicodeScalars.contains("\u{3A3}") else { return text.lowercased() }
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.map { lowercased(scalars, $0) }.joined()
  }

  /// A capital sigma at the end of a word has a small letter of its own.
  private static func lowercased(_ scalars: [Unicode.Scalar], _ index: Int) -> String {
    let scalar = scalars[index]
    guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    let ends = before?.properties.isCased == true && after?.properties.isCased != true
    return ends ? "\u{3C2}" : "\u{3C3}"
  }
}
