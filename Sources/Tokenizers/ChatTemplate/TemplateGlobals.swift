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
  /// The longest list that `range` makes, as jinja2's sandbox has it.
  static let maximumRange = 100_000

  static func scope() -> TemplateScope {
    let scope = TemplateScope()
    let functions = [
      JinjaCallable("raise_exception") { (_, arguments) throws(ChatTemplateError) in
        throw .raised(PythonText.string(arguments[0, "message"] ?? .string("")))
      },
      JinjaCallable("strftime_now") { (renderer, arguments) throws(ChatTemplateError) in
        guard case .string(let format)? = arguments[0, "format"] else {
          throw .type(operation: "strftime_now", value: "anything but a format")
        }
        return .string(try renderer.clock.spell(format))
      },
      JinjaCallable("namespace") { (renderer, arguments) throws(ChatTemplateError) in
        .namespace(renderer.makeNamespace(try dictionary(arguments, renderer)))
      },
      JinjaCallable("dict") { (renderer, arguments) throws(ChatTemplateError) in
        .dictionary(try dictionary(arguments, renderer))
      },
      JinjaCallable("range") { (renderer, arguments) throws(ChatTemplateError) in
        try range(arguments, renderer)
      },
    ]
    for function in functions { scope[function.name] = .callable(function) }
    return scope
  }

  private static func dictionary(_ arguments: JinjaArguments, _ renderer: TemplateRenderer)
    throws(ChatTemplateError) -> JinjaDictionary
  {
    var dictionary = JinjaDictionary()
    switch arguments.positional.first {
    case nil: break
    case .dictionary(let other)?: dictionary = other
    case let items?:
      for item in try renderer.items(of: items) {
        let pair = try renderer.items(of: item)
        guard pair.count == 2 else { throw .type(operation: "dict", value: item.typeName) }
        dictionary[try JinjaKey(pair[0])] = pair[1]
      }
    }
    for (name, value) in arguments.named { dictionary[.string(name)] = value }
    try renderer.spend(on: .dictionary(dictionary))
    return dictionary
  }

  private static func range(_ arguments: JinjaArguments, _ renderer: TemplateRenderer)
    throws(ChatTemplateError) -> JinjaValue
  {
    var bounds: [Int] = []
    for value in arguments.positional {
      guard let number = value.asInteger else {
        throw .type(operation: "range", value: value.typeName)
      }
      bounds.append(number)
    }
    guard (1...3).contains(bounds.count) else {
      throw .type(operation: "range", value: "these arguments")
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let end = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw .arithmetic("the step of a range is zero") }
    var items: [JinjaValue] = []
    for number in stride(from: start, to: end, by: step) {
      guard items.count < maximumRange else { throw .limitExceeded(.output) }
      items.append(.integer(number))
    }
    try renderer.spend(items.count * 16)
    return .list(items)
  }
}
