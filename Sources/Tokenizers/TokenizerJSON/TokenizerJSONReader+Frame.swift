extension TokenizerJSONReader {
  /// A part of what a post-processor makes: tokens, and the text among them.
  ///
  /// Post-processors take and give a list of these; one that comes after a template finds its tokens apart from the
  /// text, and treats them as a text and its pair (`process_encodings` of the `tokenizers` library, 0.23).
  private typealias Part = [Item]

  private enum Item {
    case id(Int32)
    case text
  }

  /// The tokens that the post-processor puts before and after a single text.
  func frame() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    guard let field = part("post_processor") else { return ([], []) }
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var hasText = false
    for item in try Self.process([[.text]], field).joined() {
      switch item {
      case .id(let id): if hasText { suffix.append(id) } else { prefix.append(id) }
      case .text:
        guard !hasText else {
          throw .unsupported(key: field.path, value: "a text that comes again")
        }
        hasText = true
      }
    }
    guard hasText else { throw .unsupported(key: field.path, value: "a template without a text") }
    return (prefix, suffix)
  }

  private static func process(
    _ parts: [Part], _ field: JSONField
  ) throws(TokenizerError) -> [Part] {
    switch field.type {
    case "ByteLevel": return parts
    case "Sequence":
      var parts = parts
      for item in try field.list("processors") { parts = try process(parts, item) }
      return parts
    case "BertProcessing", "RobertaProcessing":
      let start = Item.id(try field.id(field.value["cls"]?.array?.last, "cls"))
      let end = Item.id(try field.id(field.value["sep"]?.array?.last, "sep"))
      let pairStart = field.type == "RobertaProcessing" ? [end] : []
      return parts.enumerated().map { place, part in
        (place == 0 ? [start] : pairStart) + part + [end]
      }
    case "TemplateProcessing":
      guard parts.count <= 2 else {
        throw .unsupported(key: field.path, value: "a template after others")
      }
      return try template(parts, field)
    default: throw field.unsupportedType
    }
  }

  private static func template(
    _ parts: [Part], _ field: JSONField
  ) throws(TokenizerError) -> [Part] {
    var made: [Part] = []
    for item in try field.list(parts.count == 2 ? "pair" : "single") {
      if let sequence = item.value["Sequence"] {
        let place = sequence["id"]?.string == "A" ? 0 : 1
        guard place < parts.count else {
          throw .wrongType(key: item.path, expected: "a list with one text")
        }
        made.append(parts[place])
      } else if let name = item.value["SpecialToken"]?["id"]?.string {
        guard let ids = field.value["special_tokens"]?[name]?["ids"]?.array else {
          throw .missing(key: field.path + ".special_tokens." + name)
        }
        var part: Part = []
        for id in ids { part.append(.id(try field.id(id, "special_tokens"))) }
        made.append(part)
      } else {
        throw .wrongType(key: item.path, expected: "a list of tokens and sequences")
      }
    }
    return made
  }
}
