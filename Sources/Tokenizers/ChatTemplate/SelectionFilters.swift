extension TemplateRenderer {
  /// `map`, and the filters that keep what passes a test or what does not.
  func selectionFilter(_ name: String, _ value: JinjaValue, _ arguments: JinjaArguments)
    throws(ChatTemplateError) -> JinjaValue
  {
    var made: [JinjaValue] = []
    let generatorName = name == "map" ? "sync_do_map" : "select_or_reject"
    do throws(ChatTemplateError) {
      // These filters take any value without truth for an empty list, none among them.
      guard value.isTrue else { return .generator(JinjaGenerator(generatorName, [])) }
      let work = name == "map" ? try mapping(arguments) : try selection(name, arguments)
      for item in try items(of: value) {
        try spend(0)
        if let result = try work(item) { made.append(result) }
      }
    } catch {
      // What came first is still seen, as long as no limit is reached.
      if case .limitExceeded = error { throw error }
      return .generator(JinjaGenerator(generatorName, made, failure: error))
    }
    try make(made.count * JinjaValue.byteCount)
    return .generator(JinjaGenerator(generatorName, made))
  }

  private typealias Work = (JinjaValue) throws(ChatTemplateError) -> JinjaValue?

  private func mapping(_ arguments: JinjaArguments) throws(ChatTemplateError) -> Work {
    if arguments.positional.isEmpty {
      try arguments.checkNames("map", ["attribute", "default"])
      guard let path = arguments[0, "attribute"] else {
        throw .type(operation: "map", value: "neither a filter nor an attribute")
      }
      let fallback = arguments[1, "default"]
      return { (item) throws(ChatTemplateError) in
        try self.part(path, of: item, default: fallback)
      }
    }
    var rest = arguments
    let given = rest.positional.removeFirst()
    guard let name = given.text else { throw .type(operation: "map", value: given.typeName) }
    return { [rest] (item) throws(ChatTemplateError) in try self.filter(name, item, rest) }
  }

  private func selection(_ name: String, _ arguments: JinjaArguments) throws(ChatTemplateError)
    -> Work
  {
    let keeps = name.hasPrefix("select")
    var rest = arguments
    var path: JinjaValue?
    if name.hasSuffix("attr") {
      guard !rest.positional.isEmpty else { throw .type(operation: name, value: "nothing") }
      path = rest.positional.removeFirst()
    }
    var testName: String?
    if !rest.positional.isEmpty {
      let given = rest.positional.removeFirst()
      guard let text = given.text else { throw .type(operation: name, value: given.typeName) }
      testName = text
    }
    return { [rest] (item) throws(ChatTemplateError) in
      let subject = try self.part(path, of: item)
      let passes = try testName.map { (test) throws(ChatTemplateError) in
        try self.test(test, subject, rest)
      }
      return (passes ?? subject.isTrue) == keeps ? item : nil
    }
  }
}

extension JinjaArguments {
  fileprivate func checkNames(_ function: String, _ names: [String]) throws(ChatTemplateError) {
    for (name, _) in named where !names.contains(name) {
      throw .type(operation: function, value: "an argument named \(name)")
    }
  }
}
