import Foundation

/// The time that `strftime_now` tells.
struct TemplateClock: Sendable {
  /// Seconds since 1970; nil for the time of the call.
  var fixed: Int?

  /// The time in the local time zone as `strftime` of the C library spells it.
  func spell(_ format: String) throws(ChatTemplateError) -> String {
    var seconds = time_t(fixed ?? Int(Date().timeIntervalSince1970))
    var parts = tm()
    localtime_r(&seconds, &parts)
    guard format.utf8.count < 256, !format.isEmpty else {
      if format.isEmpty { return "" }
      throw .limitExceeded(.output)
    }
    var buffer = [CChar](repeating: 0, count: 8192)
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The functions that `transformers` gives chat templates.
enum TemplateGlobals {
  static func scope() -> TemplateScope {
    let scope = TemplateScope()
    let functions = [
      JinjaCallable("raise_exception") { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check("raise_exception", ["message"], required: 1)
        throw .raised(try renderer.spelled(arguments[0, "message"] ?? .string("")))
      },
      JinjaCallable("strftime_now") { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check("strftime_now", ["format"], required: 1)
        guard let format = arguments[0, "format"]?.text else {
          throw .type(operation: "strftime_now", value: "anything but a format")
        }
        return .string(try renderer.clock.spell(format))
      },
      JinjaCallable("namespace") { (renderer, arguments) throws(ChatTemplateError) in
        let attributes = try dictionary(arguments, renderer)
        for entry in attributes.entries {
          if let name = entry.spelled.text, name.hasPrefix("_") {
            throw .forbidden("the attribute " + name)
          }
        }
        return .namespace(renderer.makeNamespace(attributes))
      },
      JinjaCallable("dict") { (renderer, arguments) throws(ChatTemplateError) in
        .dictionary(try dictionary(arguments, renderer))
      },
      JinjaCallable("range") { (renderer, arguments) throws(ChatTemplateError) in
        try range(arguments)
      },
      JinjaCallable("cycler") { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check("cycler", arguments.positional.map { _ in "" })
        guard !arguments.positional.isEmpty else {
          throw .type(operation: "cycler", value: "nothing")
        }
        return try renderer.measured(.cycler(JinjaCycler(arguments.positional)))
      },
      JinjaCallable("joiner") { (renderer, arguments) throws(ChatTemplateError) in
        try arguments.check("joiner", ["sep"])
        return joiner(arguments[0, "sep"] ?? .string(", "))
      },
    ]
    for function in functions { scope[function.name] = .callable(function) }
    return scope
  }

  /// Gives nothing the first time and the separator from then on.
  private static func joiner(_ separator: JinjaValue) -> JinjaValue {
    let state = JinjaCycler([.string(""), separator])
    return .callable(
      JinjaCallable("joiner") { _, _ in
        defer { state.position = 1 }
        return state.items[state.position]
      })
  }

  private static func dictionary(_ arguments: JinjaArguments, _ renderer: TemplateRenderer)
    throws(ChatTemplateError) -> JinjaDictionary
  {
    guard arguments.positional.count <= 1 else {
      throw .type(operation: "dict", value: "\(arguments.positional.count) arguments")
    }
    var dictionary = JinjaDictionary()
    switch arguments.positional.first {
    case nil: break
    case .dictionary(let other)?: dictionary = other
    case let items?:
      for item in try renderer.items(of: items) {
        let pair = try renderer.items(of: item)
        guard pair.count == 2 else { throw .type(operation: "dict", value: item.typeName) }
        try dictionary.set(pair[0], pair[1])
      }
    }
    for (name, value) in arguments.named { dictionary[name] = value }
    _ = try renderer.measured(.dictionary(dictionary))
    return dictionary
  }

  private static func range(_ arguments: JinjaArguments) throws(ChatTemplateError) -> JinjaValue {
    try arguments.check("range", ["", "", ""], required: 1)
    var bounds: [Int] = []
    for value in arguments.positional {
      guard let number = value.asInteger else {
        throw .type(operation: "range", value: value.typeName)
      }
      bounds.append(number)
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let end = bounds.count == 1 ? bounds[0] : bounds[1]
    return .range(try JinjaRange(start, end, bounds.count == 3 ? bounds[2] : 1))
  }
}
