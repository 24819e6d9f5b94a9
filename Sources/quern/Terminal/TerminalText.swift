/// Text that a model makes, written as it comes.
///
/// A model may say anything: on a terminal its control characters are shown, not obeyed.
struct TerminalText {
  private var isLineOpen = false

  mutating func write(_ text: String) {
    guard !text.isEmpty else { return }
    StandardOutput.write(StandardOutput.isTerminal ? Self.harmless(text) : text)
    isLineOpen = true
  }

  /// Ends the line of the text, or only one that something stands on.
  mutating func endLine(ifOpen: Bool = false) {
    if isLineOpen || !ifOpen { StandardOutput.write("\n") }
    isLineOpen = false
  }

  /// Control characters but line ends and tabs as the pictures that Unicode has of them.
  static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      guard isControl(scalar) else {
        result.append(scalar)
        continue
      }
      let picture =
        scalar.value < 0x20 ? 0x2400 + scalar.value : scalar.value == 0x7F ? 0x2421 : 0xFFFD
      result.append(Unicode.Scalar(picture) ?? "\u{FFFD}")
    }
    return String(result)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
  }
}
