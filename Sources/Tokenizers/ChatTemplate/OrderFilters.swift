extension TemplateRenderer {
  func orderFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    switch name {
    case "sort":
      let path = arguments[2, "attribute"]
      return .list(
        try sorted(
          items(of: value),
          by: sortKey(path, ignoringCase: arguments[1, "case_sensitive"]?.isTrue != true),
          reversed: arguments[0, "reverse"]?.isTrue == true))
    case "dictsort": return try sortedDictionary(value, arguments)
    case "groupby": return try grouped(items(of: value), arguments)
    case "unique":
      return try deferred("sync_do_unique") { () throws(ChatTemplateError) in
        try unique(items(of: value), arguments)
      }
    default:
      let ignoresCase = arguments[0, "case_sensitive"]?.isTrue != true
      var best: (key: JinjaValue, item: JinjaValue)?
      for item in try items(of: value) {
        try spend(0)
        let key = Self.folded(try part(arguments[1, "attribute"], of: item), ignoresCase)
        if let found = best {
          let wins =
            name == "max"
            ? try Arithmetic.precedes(found.key, key) : try Arithmetic.precedes(key, found.key)
          guard wins else { continue }
        }
        best = (key, item)
      }
      return best?.item ?? .undefined("the \(name) of nothing")
    }
  }

  private static func folded(_ value: JinjaValue, _ ignoresCase: Bool) -> JinjaValue {
    guard ignoresCase, let text = value.text else { return value }
    return .string(ScalarText.lowercased(text))
  }

  /// What to sort items by: themselves, an attribute, or several with commas between them.
  private func sortKey(_ path: JinjaValue?, ignoringCase: Bool)
    -> (JinjaValue) throws(ChatTemplateError) -> JinjaValue
  {
    let paths: [JinjaValue?]
    if let text = path?.text {
      paths = ScalarText.split(text, separator: ",", limit: -1).map { .string($0) }
    } else {
      paths = [path]
    }
    return { (item) throws(ChatTemplateError) in
      var keys: [JinjaValue] = []
      for path in paths { keys.append(Self.folded(try self.part(path, of: item), ignoringCase)) }
      return .list(keys)
    }
  }

  /// A stable sort; in reverse, equal items keep their order as well.
  private func sorted(
    _ items: [JinjaValue], by key: (JinjaValue) throws(ChatTemplateError) -> JinjaValue,
    reversed: Bool
  ) throws(ChatTemplateError) -> [JinjaValue] {
    var keyed: [(key: JinjaValue, item: JinjaValue)] = []
    for item in items {
      try spend(64)
      keyed.append((try key(item), item))
    }
    try make(items.count * JinjaValue.byteCount * 2)
    var failure: ChatTemplateError?
    keyed.sort { a, b in
      guard failure == nil else { return false }
      do throws(ChatTemplateError) {
        try spend(0)
        return reversed
          ? try Arithmetic.precedes(b.key, a.key) : try Arithmetic.precedes(a.key, b.key)
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    return keyed.map(\.item)
  }

  private func sortedDictionary(_ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    guard case .dictionary(let dictionary) = value else {
      throw .type(operation: "dictsort", value: value.typeName)
    }
    guard let by = (arguments[1, "by"] ?? .string("key")).text, by == "key" || by == "value" else {
      throw .type(operation: "dictsort", value: "neither key nor value")
    }
    let ignoresCase = arguments[0, "case_sensitive"]?.isTrue != true
    return .list(
      try sorted(
        dictionary.list(.items),
        by: { item in
          guard case .tuple(let pair) = item else { return item }
          return Self.folded(pair[by == "value" ? 1 : 0], ignoresCase)
        },
        reversed: arguments[2, "reverse"]?.isTrue == true))
  }

  private func unique(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    let ignoresCase = arguments[0, "case_sensitive"]?.isTrue != true
    var seen: Set<JinjaKey> = []
    var hasUndefined = false
    var kept: [JinjaValue] = []
    for item in items {
      try spend(0)
      let value = Self.folded(try part(arguments[1, "attribute"], of: item), ignoresCase)
      if value.isUndefined {
        if !hasUndefined { kept.append(item) }
        hasUndefined = true
        continue
      }
      do throws(ChatTemplateError) {
        if seen.insert(try JinjaKey(value)).inserted { kept.append(item) }
      } catch {
        return .generator(JinjaGenerator("sync_do_unique", kept, failure: error))
      }
    }
    try make(kept.count * JinjaValue.byteCount)
    return .generator(JinjaGenerator("sync_do_unique", kept))
  }

  /// Pairs of what items have in common and the items.
  private func grouped(_ items: [JinjaValue], _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> JinjaValue
  {
    let path = arguments[0, "attribute"]
    let fallback = arguments[1, "default"]
    let ignoresCase = arguments[2, "case_sensitive"]?.isTrue != true
    func key(_ item: JinjaValue) throws(ChatTemplateError) -> JinjaValue {
      Self.folded(try part(path, of: item, default: fallback), ignoresCase)
    }
    var groups: [(key: JinjaValue, items: [JinjaValue])] = []
    for item in try sorted(items, by: key, reversed: false) {
      let key = try key(item)
      if let last = groups.last, last.key.isEqual(to: key) {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((key, [item]))
      }
    }
    var pairs: [JinjaValue] = []
    for group in groups {
      let shown = try part(path, of: group.items[0], default: fallback)
      pairs.append(.tuple([ignoresCase ? shown : group.key, .list(group.items)]))
    }
    return .list(pairs)
  }
}
