extension StringProtocol {
  /// This text with control characters and invisible direction marks escaped, so that a name from a
  /// hostile file cannot move the cursor, recolour the screen or reorder what follows it.
  public var printable: String {
    guard unicodeScalars.contains(where: \.isUnprintable) else { return String(self) }
    var text = ""
    for scalar in unicodeScalars {
      text += scalar.isUnprintable ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var isUnprintable: Bool {
    if value < 0x7F { return value < 0x20 }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}
