/// What the methods give.
extension TextMethods {
  var changedCase: String {
    switch name {
    case "upper": text.uppercased()
    case "lower": ScalarText.lowercased(text)
    case "casefold": ScalarText.caseFolded(text)
    case "capitalize": ScalarText.capitalized(text)
    case "title": ScalarText.title(text)
    default: ScalarText.swappedCase(text)
    }
  }

  func divided() throws(ChatTemplateError) -> JinjaValue {
    func strings(_ parts: [String]) -> [JinjaValue] { parts.map(value.remade) }
    switch name {
    case "splitlines":
      try count(parts: ScalarText.partCount(text, separator: "\n"))
      return .list(
        strings(ScalarText.lines(text, keepEnds: arguments[0, "keepends"]?.isTrue ?? false)))
    case "partition", "rpartition":
      let separator = try argument(0, "sep")
      guard !separator.isEmpty else { throw .arithmetic("empty separator") }
      try count(parts: 3)
      let parts =
        name == "partition"
        ? ScalarText.split(text, separator: separator, limit: 1)
        : ScalarText.splitFromEnd(text, separator: separator, limit: 1)
      if parts.count == 2 { return .tuple(strings([parts[0], separator, parts[1]])) }
      return .tuple(strings(name == "partition" ? [text, "", ""] : ["", "", text]))
    default:
      let limit = try optionalInteger(1, "maxsplit") ?? -1
      let separator = try optionalText(0, "sep")
      guard separator != "" else { throw .arithmetic("empty separator") }
      try count(parts: ScalarText.partCount(text, separator: separator))
      guard let separator else {
        return .list(
          strings(
            name == "split"
              ? ScalarText.words(text, limit: limit) : ScalarText.wordsFromEnd(text, limit: limit)))
      }
      return .list(
        strings(
          name == "split"
            ? ScalarText.split(text, separator: separator, limit: limit)
            : ScalarText.splitFromEnd(text, separator: separator, limit: limit)))
    }
  }

  private func count(parts: Int) throws(ChatTemplateError) {
    try renderer.make(parts * (JinjaValue.byteCount + 16) + text.utf8.count)
  }

  func joined() throws(ChatTemplateError) -> JinjaValue {
    try arguments.check(name, ["iterable"], required: 1)
    var parts: [String] = []
    for item in try renderer.items(of: arguments[0, "iterable"] ?? .none) {
      if value.isMarkup {
        parts.append(
          item.isMarkup ? try renderer.spelled(item) : HTMLText.escaped(try renderer.spelled(item)))
      } else {
        guard let text = item.text else { throw refusal(item.typeName) }
        parts.append(text)
      }
      try renderer.make(parts[parts.count - 1].utf8.count + text.utf8.count)
    }
    return value.remade(parts.joined(separator: text))
  }

  func replaced() throws(ChatTemplateError) -> JinjaValue {
    try arguments.check(name, ["old", "new", "count"], required: 2)
    let old = try argument(0, "old")
    var new = try argument(1, "new")
    if value.isMarkup { new = HTMLText.escaped(arguments[1, "new"] ?? .string(new)) }
    let limit = try optionalInteger(2, "count") ?? -1
    try renderer.make(ScalarText.byteCount(text, replacing: old, with: new, limit: limit))
    return value.remade(ScalarText.replace(text, old, with: new, limit: limit))
  }

  /// Where a part is, or how often.
  func place() throws(ChatTemplateError) -> Int {
    let wanted = try argument(0, "sub")
    let isIndex = name.hasSuffix("index")
    guard let (part, start) = try searched(from: 1) else {
      guard !isIndex else { throw .undefined("the substring") }
      return name == "count" ? 0 : -1
    }
    let count = ScalarText.count(part)
    if name == "count" {
      return wanted.isEmpty
        ? count + 1 : ScalarText.split(part, separator: wanted, limit: -1).count - 1
    }
    if wanted.isEmpty { return start + (name.hasPrefix("r") ? count : 0) }
    let pieces =
      name.hasPrefix("r")
      ? ScalarText.splitFromEnd(part, separator: wanted, limit: 1)
      : ScalarText.split(part, separator: wanted, limit: 1)
    guard pieces.count == 2 else {
      guard !isIndex else { throw .undefined("the substring") }
      return -1
    }
    return start + ScalarText.count(pieces[0])
  }

  func padded() throws(ChatTemplateError) -> String {
    try arguments.check(name, name == "zfill" ? ["width"] : ["width", "fillchar"], required: 1)
    let width = try optionalInteger(0, "width") ?? 0
    var fill = name == "zfill" ? "0" : " "
    if arguments.positional.count > 1 {
      fill = try argument(1, "fillchar")
      if value.isMarkup { fill = HTMLText.escaped(arguments.positional[1]) }
      guard ScalarText.count(fill) == 1 else { throw refusal("this fill character") }
    }
    let missing = max(0, width - ScalarText.count(text))
    try renderer.make(missing > renderer.maximumBytes ? Int.max : missing * fill.utf8.count)
    return ScalarText.padded(text, name, missing, fill, width: width)
  }

  func withoutTabs(_ size: Int) throws(ChatTemplateError) -> String {
    let tabs = text.utf8.count { $0 == 0x09 }
    let (total, overflow) = tabs.multipliedReportingOverflow(by: max(size, 0))
    try renderer.make(overflow ? Int.max : total)
    var result = String.UnicodeScalarView()
    var column = 0
    for scalar in text.unicodeScalars {
      if scalar == "\t" {
        let width = size > 0 ? size - column % size : 0
        for _ in 0..<width { result.append(" ") }
        column += width
      } else {
        result.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
      }
    }
    return String(result)
  }
}
