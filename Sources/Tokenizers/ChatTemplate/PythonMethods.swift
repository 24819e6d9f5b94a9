/// The methods that values have in templates. Those that would change a value are refused, as the
/// immutable sandbox of jinja2 refuses them.
enum PythonMethods {
  private static let listMutations: Set<String> = [
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse",
  ]
  private static let dictionaryMutations: Set<String> = [
    "pop", "popitem", "update", "clear", "setdefault",
  ]

  /// The method; undefined for one that would change the value; nil when there is none.
  static func method(_ name: String, of value: JinjaValue) -> JinjaValue? {
    switch value {
    case .string(let text), .markup(let text):
      guard TextMethods.names.contains(name) else { return nil }
      return .callable(
        JinjaCallable(name) { (renderer, arguments) throws(ChatTemplateError) in
          try renderer.spendScan(of: text)
          return try TextMethods(name, value, text, arguments, renderer).result()
        })
    case .dictionary(let dictionary):
      if dictionaryMutations.contains(name) { return .undefined("changing a dictionary (\(name))") }
      return method(name, of: dictionary).map { .callable($0) }
    case .list(let items):
      if listMutations.contains(name) { return .undefined("changing a list (\(name))") }
      return method(name, of: items).map { .callable($0) }
    case .tuple(let items) where name != "copy":
      return method(name, of: items).map { .callable($0) }
    case .cycler(let cycler): return method(name, of: cycler)
    default: return nil
    }
  }

  private static func method(_ name: String, of dictionary: JinjaDictionary) -> JinjaCallable? {
    if let part = JinjaDictionary.Part(rawValue: name) {
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        try arguments.check(name, [])
        return .view(dictionary, part)
      }
    }
    switch name {
    case "copy":
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        try arguments.check(name, [])
        return .dictionary(dictionary)
      }
    case "get":
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        guard arguments.named.isEmpty, (1...2).contains(arguments.positional.count) else {
          throw .type(operation: "get", value: "these arguments")
        }
        let fallback = arguments.positional.count == 2 ? arguments.positional[1] : .none
        if arguments.positional[0].isUndefined { return fallback }
        return dictionary[try JinjaKey(arguments.positional[0])] ?? fallback
      }
    default: return nil
    }
  }

  private static func method(_ name: String, of items: [JinjaValue]) -> JinjaCallable? {
    switch name {
    case "count":
      return JinjaCallable(name) { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check(name, ["value"], required: 1)
        try renderer.spend(on: .list(items))
        let wanted = arguments[0, "value"] ?? .none
        return .integer(items.count { $0.isEqual(to: wanted) })
      }
    case "index":
      return JinjaCallable(name) { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check(name, ["value", "start", "stop"], required: 1)
        try renderer.spend(on: .list(items))
        let wanted = arguments[0, "value"] ?? .none
        let range = TextMethods.range(
          arguments[1, "start"]?.asInteger, arguments[2, "stop"]?.asInteger, count: items.count)
        guard let place = items[range].firstIndex(where: { $0.isEqual(to: wanted) }) else {
          throw .undefined("the index of " + wanted.typeName)
        }
        return .integer(place)
      }
    case "copy":
      return JinjaCallable(name) { (_, arguments) throws(ChatTemplateError) in
        try arguments.check(name, [])
        return .list(items)
      }
    default: return nil
    }
  }

  private static func method(_ name: String, of cycler: JinjaCycler) -> JinjaValue? {
    switch name {
    case "current": return cycler.items[cycler.position]
    case "next":
      return .callable(
        JinjaCallable(name) { _, _ in
          defer { cycler.position = (cycler.position + 1) % cycler.items.count }
          return cycler.items[cycler.position]
        })
    case "reset":
      return .callable(
        JinjaCallable(name) { _, _ in
          cycler.position = 0
          return .none
        })
    default: return nil
    }
  }
}
