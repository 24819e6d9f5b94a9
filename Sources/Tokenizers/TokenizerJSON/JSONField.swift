/// Fields of a part of `tokenizer.json`, read by name; `path` says where the part is.
struct JSONField {
  let value: JSONValue
  let path: String

  func string(_ key: String) throws(TokenizerError) -> String {
    guard let field = value[key] else { throw .missing(key: path + "." + key) }
    guard let text = field.string else {
      throw .wrongType(key: path + "." + key, expected: "a string")
    }
    return text
  }

  /// A string of one scalar.
  func scalar(_ key: String) throws(TokenizerError) -> Unicode.Scalar {
    let scalars = try string(key).unicodeScalars
    guard let scalar = scalars.first, scalars.count == 1 else {
      throw .wrongType(key: path + "." + key, expected: "one character")
    }
    return scalar
  }

  /// - Parameter absent: The value of a field that is not there; nil when it must be.
  func bool(_ key: String, absent: Bool? = nil) throws(TokenizerError) -> Bool {
    guard let field = value[key], !(field.isNull && absent != nil) else {
      guard let absent else { throw .missing(key: path + "." + key) }
      return absent
    }
    guard let flag = field.bool else {
      throw .wrongType(key: path + "." + key, expected: "true or false")
    }
    return flag
  }

  /// A number from 0 on.
  func count(_ key: String, absent: Int? = nil) throws(TokenizerError) -> Int {
    guard let field = value[key] else {
      guard let absent else { throw .missing(key: path + "." + key) }
      return absent
    }
    guard let number = field.integer, number >= 0 else {
      throw .wrongType(key: path + "." + key, expected: "a number from 0 on")
    }
    return number
  }

  func list(_ key: String) throws(TokenizerError) -> [JSONField] {
    guard let field = value[key] else { throw .missing(key: path + "." + key) }
    guard let list = field.array else {
      throw .wrongType(key: path + "." + key, expected: "a list")
    }
    return list.map { JSONField(value: $0, path: path + "." + key) }
  }

  /// A token id.
  func id(_ value: JSONValue?, _ key: String) throws(TokenizerError) -> Int32 {
    guard let id = value?.integer, id >= 0, id < Vocabulary.maximumCount else {
      throw .wrongType(key: path + "." + key, expected: "token ids")
    }
    return Int32(id)
  }

  /// The `type` that says which part it is.
  var type: String { value["type"]?.string ?? "" }

  var unsupportedType: TokenizerError { .unsupported(key: path, value: type) }

  /// The pattern of `Split` and `Replace`: a text or an expression.
  func pattern() throws(TokenizerError) -> (source: String, text: String?) {
    let pattern = value["pattern"]
    if let source = pattern?["Regex"]?.string { return (source, nil) }
    guard let text = pattern?["String"]?.string else {
      throw .wrongType(key: path + ".pattern", expected: "a Regex or a String")
    }
    let source = text.unicodeScalars.reduce(into: "") { source, scalar in
      if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) {
        source += "\\"
      }
      source.unicodeScalars.append(scalar)
    }
    return (source, text)
  }

  /// What `Replace` puts where, in texts and in decoded tokens alike.
  func replacement() throws(TokenizerError) -> ReplaceText {
    let (source, text) = try pattern()
    let content = Array(try string("content").utf8)
    if let text, !text.isEmpty {
      return ReplaceText(target: .text(Array(text.utf8)), content: content)
    }
    return ReplaceText(target: .pattern(try PreTokenizer.compile(source)), content: content)
  }
}
