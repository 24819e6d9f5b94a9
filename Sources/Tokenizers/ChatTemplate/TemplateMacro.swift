extension TemplateRenderer {
  /// A macro as what can be called.
  ///
  /// - Source: jinja2 3.1 `runtime.py`, `Macro.__call__`.
  func callable(_ macro: TemplateStatement.Macro, _ scope: TemplateScope) -> JinjaCallable {
    let attributes: [String: JinjaValue] = [
      "name": macro.isCallBlock ? .none : .string(macro.name), "caller": .bool(macro.usesCaller),
      "arguments": .tuple(macro.parameters.map { .string($0.name) }),
      "catch_kwargs": .bool(macro.usesKeywords), "catch_varargs": .bool(macro.usesRest),
    ]
    let isBlock = macro.isCallBlock
    let spelling =
      isBlock ? "<Macro anonymous>" : "<Macro \(PythonText.representation(.string(macro.name)))>"
    return JinjaCallable(macro.name, spelling: spelling, attributes: attributes) {
      (renderer, arguments) throws(ChatTemplateError) in
      let inner = TemplateScope(inside: scope)
      try renderer.bind(arguments, to: macro, inner)
      return try renderer.text(of: macro.body, inner)
    }
  }

  private func bind(
    _ arguments: JinjaArguments, to macro: TemplateStatement.Macro, _ scope: TemplateScope
  ) throws(ChatTemplateError) {
    var named = arguments.named
    func take(_ name: String) -> JinjaValue? {
      named.firstIndex { $0.name == name }.map { named.remove(at: $0).value }
    }
    var given: [JinjaValue?] = arguments.positional.prefix(macro.parameters.count).map { $0 }
    for parameter in macro.parameters.dropFirst(given.count) { given.append(take(parameter.name)) }
    if macro.usesCaller, !macro.parameters.contains(where: { $0.name == "caller" }) {
      scope["caller"] = take("caller") ?? .undefined("the caller")
    }
    if macro.usesKeywords {
      var others = JinjaDictionary()
      for (name, value) in named { others[name] = value }
      scope["kwargs"] = try measured(.dictionary(others))
    } else if let extra = named.first {
      throw .type(operation: macro.name, value: "an argument named " + extra.name)
    }
    let extra = Array(arguments.positional.dropFirst(macro.parameters.count))
    if macro.usesRest {
      scope["varargs"] = try measured(.tuple(extra))
    } else if !extra.isEmpty {
      throw .type(operation: macro.name, value: "\(arguments.positional.count) arguments")
    }
    for (parameter, value) in zip(macro.parameters, given) {
      if let value {
        scope[parameter.name] = value
      } else if let fallback = parameter.fallback {
        scope[parameter.name] = try evaluate(fallback, scope)
      } else {
        scope[parameter.name] = .undefined("parameter " + parameter.name)
      }
    }
  }
}
