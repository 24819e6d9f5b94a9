/// Strings as Python sees them: rows of scalars, not of characters.
enum ScalarText {
  static func count(_ text: String) -> Int { text.unicodeScalars.count }

  static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// The first place of a part, found by its bytes; the empty part is at the start.
  static func firstRange(
    of part: String, in text: String, from start: String.Index? = nil
  ) -> Range<String.Index>? {
    let bytes = text.utf8
    let wanted = part.utf8
    var index = start ?? text.startIndex
    guard let first = wanted.first else { return index..<index }
    while let candidate = bytes[index...].firstIndex(of: first) {
      if bytes[candidate...].starts(with: wanted) {
        return candidate..<bytes.index(candidate, offsetBy: wanted.count)
      }
      index = bytes.index(after: candidate)
    }
    return nil
  }

  static func split(_ text: String, separator: String, limit: Int) -> [String] {
    var parts: [String] = []
    var start = text.startIndex
    while limit < 0 || parts.count < limit,
      let range = firstRange(of: separator, in: text, from: start)
    {
      parts.append(String(text[start..<range.lowerBound]))
      start = range.upperBound
    }
    parts.append(String(text[start...]))
    return parts
  }

  /// The last parts are cut off, not the first.
  static func splitFromEnd(_ text: String, separator: String, limit: Int) -> [String] {
    let parts = split(text, separator: separator, limit: -1)
    guard limit >= 0, parts.count > limit + 1 else { return parts }
    let kept = parts.count - limit
    return [parts[..<kept].joined(separator: separator)] + parts[kept...]
  }

  /// The words between white space.
  static func words(_ text: String, limit: Int) -> [String] {
    var words: [String] = []
    var rest = text.unicodeScalars[...]
    while true {
      rest = rest.drop(while: PythonText.isSpace)
      guard !rest.isEmpty else { return words }
      if limit >= 0, words.count == limit {
        words.append(strip(String(rest), characters: nil, left: false, right: true))
        return words
      }
      let end = rest.firstIndex(where: PythonText.isSpace) ?? rest.endIndex
      words.append(String(rest[..<end]))
      rest = rest[end...]
    }
  }

  static func lines(_ text: String, keepEnds: Bool = false) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var lastWasReturn = false
    for scalar in text.unicodeScalars {
      if lastWasReturn, scalar == "\n" {
        if keepEnds { lines[lines.count - 1] += "\n" }
        lastWasReturn = false
        continue
      }
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if keepEnds { line.append(scalar) }
        lines.append(String(line))
        line = .init()
        lastWasReturn = scalar == "\r"
      default:
        line.append(scalar)
        lastWasReturn = false
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  static func strip(_ text: String, characters: String?, left: Bool, right: Bool) -> String {
    let wanted = characters.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool {
      wanted?.contains(scalar) ?? PythonText.isSpace(scalar)
    }
    var scalars = text.unicodeScalars[...]
    if left { scalars = scalars.drop(while: isStripped) }
    if right { while let last = scalars.last, isStripped(last) { scalars.removeLast() } }
    return String(scalars)
  }

  static func replace(_ text: String, _ old: String, with new: String, limit: Int) -> String {
    guard old.isEmpty else {
      return split(text, separator: old, limit: limit).joined(separator: new)
    }
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
      if limit < 0 || count < limit {
        result += new
        count += 1
      }
      result.unicodeScalars.append(scalar)
    }
    return limit < 0 || count < limit ? result + new : result
  }

  /// How many bytes a text has at most after a replacement.
  static func count(_ text: String, replacing old: String, with new: String) -> Int {
    let places =
      old.isEmpty ? count(text) + 1 : split(text, separator: old, limit: -1).count - 1
    let (added, overflow) = places.multipliedReportingOverflow(by: new.utf8.count)
    return overflow ? .max : text.utf8.count.addingReportingOverflow(added).partialValue
  }

  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping
      + string(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// Every letter after a character without case becomes a capital, as `str.title` does.
  static func title(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }
}
