extension TokenizerJSONReader {
  /// The part of the file with this name; nil when there is none.
  func part(_ key: String) -> JSONField? {
    guard let value = root[key], !value.isNull else { return nil }
    return JSONField(value: value, path: key)
  }

  // MARK: Normalizers

  func normalizer() throws(TokenizerError) -> Normalizer {
    guard let part = part("normalizer") else { return .none }
    return Normalizer(try Self.normalizers(part))
  }

  private static func normalizers(
    _ part: JSONField
  ) throws(TokenizerError) -> [any NormalizerStep] {
    switch part.type {
    case "Sequence":
      var steps: [any NormalizerStep] = []
      for item in try part.list("normalizers") { steps += try normalizers(item) }
      return steps
    case "NFC": return [NormalizationForm.nfc]
    case "NFD": return [NormalizationForm.nfd]
    case "NFKC": return [NormalizationForm.nfkc]
    case "NFKD": return [NormalizationForm.nfkd]
    case "Lowercase": return [Lowercase()]
    case "Strip":
      return [StripSpace(left: try part.bool("strip_left"), right: try part.bool("strip_right"))]
    case "StripAccents": return [ScalarFilter.accents]
    case "Nmt": return [ScalarFilter.nmt]
    case "Prepend": return [PrependText(prefix: Array(try part.string("prepend").utf8))]
    case "Replace": return [try part.replacement()]
    case "ByteLevel": return [AlphabetSpelling()]
    case "BertNormalizer":
      let lowercases = try part.bool("lowercase")
      return Normalizer.bertSteps(
        cleans: try part.bool("clean_text"), spaces: try part.bool("handle_chinese_chars"),
        strips: try part.bool("strip_accents", absent: lowercases), lowercases: lowercases)
    case "Precompiled": return try charsmap(part)
    default: throw part.unsupportedType
    }
  }

  // MARK: Pre-tokenizers

  func preTokenizer() throws(TokenizerError) -> PreTokenizer {
    guard let part = part("pre_tokenizer") else { return PreTokenizer(stages: []) }
    return PreTokenizer(stages: try Self.stages(part))
  }

  private static func stages(_ part: JSONField) throws(TokenizerError) -> [PreTokenizer.Stage] {
    switch part.type {
    case "Sequence":
      var stages: [PreTokenizer.Stage] = []
      for item in try part.list("pretokenizers") { stages += try Self.stages(item) }
      return stages
    case "ByteLevel": return try byteLevel(part)
    case "BertPreTokenizer": return try PreTokenizer.bertStages()
    case "Whitespace": return [.split(try PreTokenizer.words(), .removed, inverted: true)]
    case "WhitespaceSplit":
      return [.split(try PreTokenizer.one(.property(.whiteSpace)), .removed, inverted: false)]
    case "Metaspace": return [.metaspace(try metaspace(part))]
    case "Punctuation":
      let behavior = try behavior(part, absent: .isolated)
      return [.split(try PreTokenizer.one(.property(.punctuation)), behavior, inverted: false)]
    case "Digits":
      let isolates = try part.bool("individual_digits")
      let digits = try PreTokenizer.one(.property(.numeric))
      return [.split(digits, isolates ? .isolated : .contiguous, inverted: false)]
    case "CharDelimiterSplit":
      let delimiter = ScalarSet(try part.scalar("delimiter"))
      return [.split(try PreTokenizer.one(delimiter), .removed, inverted: false)]
    case "Split":
      let pattern = try PreTokenizer.compile(part.pattern().source)
      let behavior = try behavior(part, absent: nil)
      return [.split(pattern, behavior, inverted: try part.bool("invert"))]
    case "UnicodeScripts": return [.scripts]
    case "FixedLength":
      let count = try part.count("length", absent: 5)
      guard count > 0 else {
        throw .wrongType(key: part.path + ".length", expected: "a number from 1 on")
      }
      return [.fixedLength(count)]
    default: throw part.unsupportedType
    }
  }

  private static func byteLevel(_ part: JSONField) throws(TokenizerError) -> [PreTokenizer.Stage] {
    var stages: [PreTokenizer.Stage] = []
    if try part.bool("add_prefix_space", absent: true) { stages.append(.prefixSpace) }
    if try part.bool("use_regex", absent: true) {
      let pattern = try PreTokenizer.compile(PreTokenizer.gpt2Pattern)
      stages.append(.split(pattern, .isolated, inverted: false))
    }
    return stages + [.alphabet]
  }

  private static func behavior(
    _ part: JSONField, absent: PreTokenizer.Behavior?
  ) throws(TokenizerError) -> PreTokenizer.Behavior {
    if let absent, part.value["behavior"] == nil { return absent }
    guard let behavior = PreTokenizer.Behavior(rawValue: try part.string("behavior")) else {
      throw .wrongType(key: part.path + ".behavior", expected: "a known behavior")
    }
    return behavior
  }

  private static func metaspace(
    _ part: JSONField
  ) throws(TokenizerError) -> PreTokenizer.Metaspace {
    let name = try part.value["prepend_scheme"].map { _ throws(TokenizerError) in
      try part.string("prepend_scheme")
    }
    guard var scheme = PreTokenizer.Metaspace.Scheme(rawValue: name ?? "always") else {
      throw .wrongType(
        key: part.path + ".prepend_scheme", expected: "\"first\", \"never\" or \"always\"")
    }
    // What older files say.
    if try !part.bool("add_prefix_space", absent: true) {
      guard name == nil || scheme == .never else {
        throw .wrongType(key: part.path + ".prepend_scheme", expected: "\"never\"")
      }
      scheme = .never
    }
    return PreTokenizer.Metaspace(
      replacement: Array(String(try part.scalar("replacement")).utf8), scheme: scheme,
      cuts: try part.bool("split", absent: true))
  }

  // MARK: Decoders

  func decoder() throws(TokenizerError) -> TokenDecoder {
    guard let part = part("decoder") else {
      return TokenDecoder(spelling: .verbatim, steps: [.spaces])
    }
    return TokenDecoder(spelling: .verbatim, steps: try Self.steps(part))
  }

  private static func steps(_ part: JSONField) throws(TokenizerError) -> [TokenDecoder.Step] {
    switch part.type {
    case "Sequence":
      var steps: [TokenDecoder.Step] = []
      for item in try part.list("decoders") { steps += try Self.steps(item) }
      return steps
    case "ByteLevel": return [.byteLevel]
    case "ByteFallback": return [.byteFallback]
    case "Fuse": return [.fuse]
    case "Strip":
      return [
        .strip(
          content: try part.scalar("content"), start: try part.count("start"),
          stop: try part.count("stop"))
      ]
    case "Replace": return [.replace(try part.replacement())]
    case "Metaspace":
      let scheme = try metaspace(part).scheme
      return [
        .metaspace(replacement: try part.scalar("replacement"), dropsFirst: scheme != .never)
      ]
    case "WordPiece":
      return [.wordPiece(prefix: try part.string("prefix"), cleansUp: try part.bool("cleanup"))]
    case "BPEDecoder": return [.suffix(try part.string("suffix"))]
    case "CTC":
      return [
        .ctc(
          padding: try part.string("pad_token"),
          delimiter: try part.string("word_delimiter_token"), cleansUp: try part.bool("cleanup"))
      ]
    default: throw part.unsupportedType
    }
  }
}
