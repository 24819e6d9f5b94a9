/// The parts of a model's name: `HuggingFaceTB/SmolLM2-135M-Instruct` has an organization, a base name, a size
/// and a finetune.
///
/// - Source: `get_model_id_components` in gguf-py's metadata.py (gguf 0.19).
struct ModelName: Sendable {
  private(set) var name: String
  private(set) var organization: String?
  private(set) var basename: String?
  private(set) var finetune: String?
  private(set) var version: String?
  private(set) var sizeLabel: String?

  private enum Kind { case basename, sizeLabel, finetune, version, type }

  private struct Part {
    var text: String
    var kinds: Set<Kind> = []
  }

  /// - Parameters:
  ///   - id: `organization/name`, a bare name or a sentence.
  ///   - parameterCount: Elements of all tensors, which tells a size from a context length.
  init(_ id: String, parameterCount: Int) {
    name = id
    guard !id.contains(" ") else { return }
    if let slash = id.firstIndex(of: "/") {
      name = String(id[id.index(after: slash)...])
      let owner = String(id[..<slash])
      organization = owner.hasPrefix(".") ? nil : owner
    }
    var parts = name.split(separator: "-").map { Part(text: String($0)) }
    for place in parts.indices {
      Self.classify(&parts[place], isFirst: place == 0, parameterCount: parameterCount)
    }
    Self.preferNumberedSizes(&parts)
    Self.markBasename(&parts)
    collect(parts)
  }

  private static func classify(_ part: inout Part, isFirst: Bool, parameterCount: Int) {
    let text = part.text
    if text.wholeMatch(of: /(?i)(v|iter)?\d+([.]\d+)*/) != nil {
      part.kinds.insert(.version)
    } else if text.wholeMatch(of: /(?i)i?q\d(_\w)*|b?fp?(16|32)/) != nil {
      part.kinds.insert(.type)
      part.text = text.uppercased()
    } else if isFirst {
      return
    } else if text.wholeMatch(
      of: /(?i)(([A]|\d+[x])?\d+([._]\d+)?[KMBT][\d]?|small|mini|medium|large|x?xl)/) != nil
    {
      classifySize(&part, parameterCount: parameterCount)
    } else if text.wholeMatch(of: /(?i)chat|instruct|vision|lora/) != nil {
      part.kinds.insert(.finetune)
    }
  }

  private static func classifySize(_ part: inout Part, parameterCount: Int) {
    var text = Array(part.text.replacing("_", with: "."))
    // `7b1` is 7.1 billion.
    if text.count > 2, text[text.count - 1].isNumber {
      text = text.dropLast(2) + [".", text[text.count - 1], text[text.count - 2]]
    }
    if text.count > 1, text[text.count - 2].isNumber, let last = text.last, "kmbt".contains(last) {
      text[text.count - 1] = Character(last.uppercased())
    }
    if parameterCount != 0, let last = text.last, let power = " KMBT".firstIndex(of: last),
      let count = Double(String(text.dropLast()))
    {
      let power = " KMBT".distance(from: " KMBT".startIndex, to: power)
      let size = (0..<power).reduce(count) { size, _ in size * 1000 }
      // Too far from the size of this model: a context length.
      if abs(size - Double(parameterCount)) > Double(7 * parameterCount / 8) {
        part.kinds.insert(.finetune)
        text[text.count - 1] = Character(last.lowercased())
      }
    }
    if part.kinds.isEmpty { part.kinds.insert(.sizeLabel) }
    part.text = String(text)
  }

  /// `mini` is no size where `3.8B` stands too.
  private static func preferNumberedSizes(_ parts: inout [Part]) {
    let sizes = parts.filter { $0.kinds.contains(.sizeLabel) }
    guard sizes.contains(where: { $0.text.contains(where: \.isNumber) }) else { return }
    for place in parts.indices where parts[place].text.allSatisfy(\.isLetter) {
      parts[place].kinds.remove(.sizeLabel)
    }
  }

  private static func markBasename(_ parts: inout [Part]) {
    var isAtStart = true
    for place in parts.indices {
      let kinds = parts[place].kinds
      let startsWithLetter = parts[place].text.first?.isLetter ?? false
      if isAtStart, kinds.isEmpty && startsWithLetter || kinds.contains(.version) {
        parts[place].kinds.insert(.basename)
      } else {
        isAtStart = false
        if kinds.isEmpty { parts[place].kinds.insert(.finetune) }
      }
    }
    for place in parts.indices.reversed() {
      guard parts[place].kinds.contains(.basename), parts[place].kinds.count > 1 else { break }
      parts[place].kinds.remove(.basename)
    }
  }

  private mutating func collect(_ parts: [Part]) {
    func joined(_ kind: Kind, without other: Kind? = nil) -> String? {
      let texts = parts.filter { part in
        part.kinds.contains(kind) && !(other.map(part.kinds.contains) ?? false)
      }.map(\.text)
      return texts.isEmpty ? nil : texts.joined(separator: "-")
    }
    var seen = Set<String>()
    let sizes = parts.filter { $0.kinds.contains(.sizeLabel) && seen.insert($0.text).inserted }
    sizeLabel = sizes.isEmpty ? nil : sizes.map(\.text).joined(separator: "-")
    finetune = joined(.finetune)
    version = joined(.version, without: .basename)
    // A name of one piece says too little.
    let isAmbiguous = sizeLabel == nil && finetune == nil && version == nil
    basename = isAmbiguous ? nil : joined(.basename)
  }

  /// `tiny-llama` as people write it: `Tiny Llama`.
  static func title(_ name: String) -> String {
    let words = name.replacing("-", with: " ").split(whereSeparator: \.isWhitespace)
    return words.map { word in
      let isLower = word == word.lowercased() && word.contains(where: \.isLowercase)
      let isVersion = word.wholeMatch(of: /v\d+(?:\.\d+)*|\d.*/) != nil
      guard isLower, !isVersion else { return String(word) }
      var followsLetter = false
      return String(
        word.flatMap { character -> String in
          defer { followsLetter = character.isLetter }
          return followsLetter ? String(character) : character.uppercased()
        })
    }.joined(separator: " ")
  }
}

/// `135M`, `1.8B`: the number of parameters in two digits or more.
///
/// - Source: `model_weight_count_rounded_notation` in gguf-py's utility.py.
func sizeLabel(ofParameters count: Int) -> String {
  let (power, suffix) =
    switch count {
    case 1_000_000_000_001...: (12, "T")
    case 1_000_000_001...: (9, "B")
    case 1_000_001...: (6, "M")
    default: (3, "K")
    }
  /// `count` in units of 10^-digits of the suffix, rounded.
  func rounded(_ digits: Int) -> Int {
    let unit = (0..<power - digits).reduce(1) { unit, _ in unit * 10 }
    let (quotient, remainder) = count.quotientAndRemainder(dividingBy: unit)
    return remainder > unit / 2 || remainder * 2 == unit && quotient % 2 == 1
      ? quotient + 1 : quotient
  }
  let whole = rounded(0)
  let digits = max(2 - (whole == 0 ? 0 : String(whole).count), 0)
  let value = String(rounded(digits))
  guard digits > 0 else { return value + suffix }
  let padded = String(repeating: "0", count: max(0, digits + 1 - value.count)) + value
  return padded.dropLast(digits) + "." + padded.suffix(digits) + suffix
}
