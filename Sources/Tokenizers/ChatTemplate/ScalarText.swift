import Foundation

/// Strings as Python sees them: rows of scalars, not of characters.
enum ScalarText {
  static func count(_ text: String) -> Int { text.unicodeScalars.count }

  static func isEqual(_ a: String, _ b: String) -> Bool {
    guard a.utf8.count == b.utf8.count else { return false }
    let isSame = a.utf8.withContiguousStorageIfAvailable { a in
      b.utf8.withContiguousStorageIfAvailable { b in
        guard let one = a.baseAddress, let other = b.baseAddress else { return true }
        return memcmp(one, other, a.count) == 0
      }
    }
    return (isSame ?? nil) ?? a.utf8.elementsEqual(b.utf8)
  }

  /// How many parts the text has between separators, or words when there is none.
  static func partCount(_ text: String, separator: String?) -> Int {
    guard let separator else {
      var count = 0
      var isInWord = false
      for scalar in text.unicodeScalars {
        let isSpace = PythonText.isSpace(scalar)
        if !isSpace, !isInWord { count += 1 }
        isInWord = !isSpace
      }
      return count
    }
    var count = 1
    var start = text.startIndex
    while let range = firstRange(of: separator, in: text, from: start) {
      count += 1
      start = range.upperBound
    }
    return count
  }

  /// The order of scalars, which is the order of their UTF-8.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  /// A text many times over; the standard library appends one after another.
  static func repeated(_ text: String, _ count: Int) -> String {
    let part = Array(text.utf8)
    guard count > 0, !part.isEmpty else { return "" }
    let total = part.count * count
    return String(unsafeUninitializedCapacity: total) { bytes in
      _ = bytes.initialize(from: part)
      var done = part.count
      while done < total {
        let more = min(done, total - done)
        _ = UnsafeMutableBufferPointer(rebasing: bytes[done..<done + more])
          .initialize(from: UnsafeBufferPointer(rebasing: bytes[..<more]))
        done += more
      }
      return done
    }
  }

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

  /// The words between white space, of which the last `limit` are cut off.
  static func wordsFromEnd(_ text: String, limit: Int) -> [String] {
    let words = words(text, limit: -1)
    guard limit >= 0, words.count > limit else { return words }
    var rest = text.unicodeScalars[...]
    var kept: [String] = []
    while kept.count < limit {
      while let last = rest.last, PythonText.isSpace(last) { rest.removeLast() }
      let start =
        rest.lastIndex(where: PythonText.isSpace).map(rest.index(after:)) ?? rest.startIndex
      kept.insert(String(rest[start...]), at: 0)
      rest = rest[..<start]
    }
    while let last = rest.last, PythonText.isSpace(last) { rest.removeLast() }
    return (rest.isEmpty ? [] : [String(rest)]) + kept
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
  static func byteCount(_ text: String, replacing old: String, with new: String, limit: Int) -> Int
  {
    var places =
      old.isEmpty ? count(text) + 1 : partCount(text, separator: old) - 1
    if limit >= 0 { places = min(places, limit) }
    let (added, overflow) = places.multipliedReportingOverflow(by: new.utf8.count)
    return overflow ? .max : text.utf8.count.addingReportingOverflow(added).partialValue
  }

  /// The text with `missing` fill characters, as the padding methods place them.
  static func padded(_ text: String, _ name: String, _ missing: Int, _ fill: String, width: Int)
    -> String
  {
    func pad(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch name {
    case "ljust": return text + pad(missing)
    case "center":
      let left = missing / 2 + (missing & width & 1)
      return pad(left) + text + pad(missing - left)
    case "zfill":
      let sign = text.unicodeScalars.first.map { $0 == "-" || $0 == "+" } ?? false
      let scalars = text.unicodeScalars
      return sign
        ? string(scalars.prefix(1)) + pad(missing) + string(scalars.dropFirst())
        : pad(missing) + text
    default: return pad(missing) + text
    }
  }
}
