import Tokenizers

/// A piece of an answer.
public enum AnswerPart: Sendable, Hashable {
  /// What the model tells itself before it answers.
  case thought(String)
  /// What it says.
  case said(String)
}

/// Tells apart what a model thinks and what it says, in text that comes in pieces.
///
/// The marks between them belong to neither. Text that may still become a mark is held back until it is clear.
///
/// - Source: chat templates of Qwen3, DeepSeek R1, Magistral, Seed-OSS and Command A; the Harmony format of gpt-oss.
public struct ThoughtReader: Sendable {
  /// Where a text is.
  private enum Place: Equatable {
    /// Nothing but space has come.
    case start
    case thought(end: String)
    case said
    /// In a message of Harmony: its name and channel, then what it holds.
    case header
    case message(isFinal: Bool)
  }

  /// What stands around thoughts.
  private static let pairs: [(start: String, end: String)] = [
    ("<think>", "</think>"), ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"), ("<|START_THINKING|>", "<|END_THINKING|>"),
  ]
  private static let headerMarks = ["<|channel|>", "<|start|>"]
  private static let messageMark = "<|message|>"

  private var place = Place.start
  private var held = ""
  private var header = ""

  /// - Parameter prompt: What the model answers to; some templates end in the mark that begins a thought.
  public init(after prompt: String = "") {
    let end = prompt.trimmedEnd
    if let pair = Self.pairs.first(where: { end.hasSuffix($0.start) }) {
      place = .thought(end: pair.end)
    }
  }

  /// Takes a piece and returns what is clear now.
  public mutating func take(_ piece: String) -> [AnswerPart] {
    held += piece
    var parts: [AnswerPart] = []
    while let (mark, range) = nextMark() {
      append(held[..<range.lowerBound], to: &parts)
      held = String(held[range.upperBound...])
      place = placeAfter(mark)
    }
    let clear = held.count - heldBack
    if place == .start, held.prefix(clear).contains(where: { !$0.isWhitespace }) { place = .said }
    guard place != .start else { return parts }
    append(held.prefix(place == .said ? held.count : clear), to: &parts)
    held = place == .said ? "" : String(held.dropFirst(clear))
    return parts
  }

  /// Returns what is held back, as no more text comes.
  public mutating func finish() -> [AnswerPart] {
    var parts: [AnswerPart] = []
    append(held[...], to: &parts)
    held = ""
    return parts
  }

  private mutating func append(_ text: Substring, to parts: inout [AnswerPart]) {
    guard !text.isEmpty else { return }
    switch place {
    case .start, .said, .message(isFinal: true): parts.append(.said(String(text)))
    case .thought, .message(isFinal: false): parts.append(.thought(String(text)))
    case .header: header += text
    }
  }

  // MARK: Marks

  /// The marks that mean something here.
  private var marks: [String] {
    switch place {
    case .start: Self.pairs.map(\.start) + Self.headerMarks
    case .thought(let end): [end]
    case .said: []
    case .header: [Self.messageMark]
    case .message: Self.headerMarks
    }
  }

  /// The first mark in what is held.
  private func nextMark() -> (String, Range<String.Index>)? {
    let found = marks.compactMap { mark in held.firstRange(of: mark).map { (mark, $0) } }
    guard let (mark, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else {
      return nil
    }
    // Where nothing was said yet, a mark further on is what the model says of marks.
    if place == .start, held[..<range.lowerBound].contains(where: { !$0.isWhitespace }) {
      return nil
    }
    return (mark, range)
  }

  private mutating func placeAfter(_ mark: String) -> Place {
    if let pair = Self.pairs.first(where: { $0.start == mark }) { return .thought(end: pair.end) }
    if Self.headerMarks.contains(mark) {
      header = ""
      return .header
    }
    guard mark == Self.messageMark else { return .said }
    return .message(isFinal: header.isEmpty || header.contains("final"))
  }

  /// Characters at the end of what is held that may be the start of a mark.
  private var heldBack: Int {
    let longest = marks.map(\.count).max() ?? 0
    let lengths = (1..<max(2, longest)).reversed().lazy.filter { $0 <= held.count }
    return lengths.first { length in marks.contains { $0.hasPrefix(held.suffix(length)) } } ?? 0
  }
}

extension String {
  fileprivate var trimmedEnd: Substring {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

extension ChatMessage {
  /// An answer as templates expect it.
  ///
  /// They cut thoughts out of the text that a model made on their own, but not those of Harmony, whose marks its
  /// template refuses: there what was thought is `thinking`.
  package init(answer: String) {
    guard answer.contains("<|channel|>"), answer.contains("<|message|>") else {
      self.init(role: "assistant", content: answer)
      return
    }
    var reader = ThoughtReader()
    var said = ""
    var thought = ""
    for part in reader.take(answer) + reader.finish() {
      switch part {
      case .said(let text): said += text
      case .thought(let text): thought += text
      }
    }
    self.init(
      role: "assistant", content: said,
      fields: thought.isEmpty ? [] : [.init("thinking", .string(thought))])
  }
}
