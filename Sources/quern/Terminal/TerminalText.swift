import Inference

/// Text that a model makes, written as it comes.
///
/// On a terminal thoughts are dim, and control characters are shown, not obeyed: a model may say anything. Elsewhere
/// the text is written as it is, but for thoughts that are not wanted.
struct TerminalText {
  /// Whether what the model thinks is written too.
  private let showsThoughts: Bool
  /// What the model answers to, asked for when its first text comes.
  private let prompt: () -> String
  private var reader: ThoughtReader?
  private var isLineOpen = false
  private var isDim = false
  private var hasSaid = false

  private static let dim = "\u{1B}[2m"
  private static let plain = "\u{1B}[22m"

  init(showsThoughts: Bool = true, after prompt: @escaping () -> String = { "" }) {
    self.showsThoughts = showsThoughts
    self.prompt = prompt
  }

  mutating func write(_ text: String) {
    guard !text.isEmpty else { return }
    guard StandardOutput.isTerminal || !showsThoughts else { return put(text) }
    var reader = reader ?? ThoughtReader(after: prompt())
    write(reader.take(text))
    self.reader = reader
  }

  /// Writes what was held back and ends the line, or only one that something stands on.
  mutating func endLine(ifOpen: Bool = false) {
    if var reader = reader.take() { write(reader.finish()) }
    setDim(false)
    if isLineOpen || !ifOpen { StandardOutput.write("\n") }
    isLineOpen = false
  }

  private mutating func write(_ parts: [AnswerPart]) {
    for part in parts {
      switch part {
      case .thought(let text):
        guard showsThoughts else { continue }
        setDim(true)
        put(text)
      case .said(let text):
        setDim(false)
        // Behind hidden thoughts stand lines that only part them from the answer.
        let text = showsThoughts || hasSaid ? text : String(text.drop { $0.isWhitespace })
        hasSaid = hasSaid || !text.isEmpty
        put(text)
      }
    }
  }

  private mutating func put(_ text: String) {
    guard !text.isEmpty else { return }
    StandardOutput.write(StandardOutput.isTerminal ? Self.harmless(text) : text)
    isLineOpen = true
  }

  private mutating func setDim(_ dim: Bool) {
    guard dim != isDim, StandardOutput.isTerminal else { return }
    StandardOutput.write(dim ? Self.dim : Self.plain)
    isDim = dim
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
      let picture: UInt32 =
        scalar.value < 0x20 ? 0x2400 + scalar.value : scalar.value == 0x7F ? 0x2421 : 0xFFFD
      result.append(Unicode.Scalar(picture) ?? "\u{FFFD}")
    }
    return String(result)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
  }
}
