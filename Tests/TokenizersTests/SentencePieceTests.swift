import GGUF
import Testing
import Tokenizers

@Suite struct SentencePieceTests {
  @Test("Ids equal those of the sentencepiece library", arguments: GoldenPieces.all)
  func encode(_ golden: GoldenPieces) throws {
    #expect(golden.rows.count > 80)
    let tokenizer = try golden.tokenizer()
    for row in golden.rows {
      #expect(
        tokenizer.encode(row.text, addSpecial: false, parseSpecial: false) == row.ids,
        "\(row.text.debugDescription)")
    }
  }

  @Test("Decoded text equals that of the sentencepiece library", arguments: GoldenPieces.all)
  func decode(_ golden: GoldenPieces) throws {
    let tokenizer = try golden.tokenizer()
    let pieces = try SentencePieceFile(golden.model).pieces
    for (ids, text) in golden.rows.map({ ($0.ids, $0.decoded) }) + golden.decoded {
      // Control tokens are not seen there, but unknown ones are.
      let seen = ids.filter { pieces[Int($0)].kind != 3 }
      #expect(tokenizer.decode(seen, skipSpecial: false) == text, "\(ids)")
      var decoder = tokenizer.makeDecoder(skipSpecial: false)
      #expect(seen.map { decoder.decode($0) }.joined() + decoder.finish() == text, "\(ids)")
    }
  }

  @Test(
    "A long text is encoded in time that grows no faster than its length",
    arguments: GoldenPieces.all)
  func long(_ golden: GoldenPieces) throws {
    let tokenizer = try golden.tokenizer()
    for unit in ["a", "stone", "磨", "🙂", " "] {
      let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
      let start = ContinuousClock.now
      _ = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      #expect(ContinuousClock.now - start < .seconds(20), "\(unit)")
    }
  }

  @Test(
    "A model cut off anywhere, or with a byte changed, is an error or another model",
    arguments: GoldenPieces.all)
  func hostile(_ golden: GoldenPieces) throws {
    var generator = SystemRandomNumberGenerator()
    for count in stride(from: 0, to: golden.model.count, by: 97) {
      try? Self.use(Array(golden.model[..<count]))
      var changed = golden.model
      for _ in 0..<3 {
        changed[Int.random(in: 0..<changed.count, using: &generator)] = .random(in: 0...255)
      }
      try? Self.use(changed)
    }
  }

  /// Whatever a file says, its use must not trap.
  private static func use(_ model: [UInt8]) throws {
    let tokenizer = try Tokenizer(sentencePieceModel: model, config: nil)
    for text in ["The mill <sep> grinds\u{A0}\u{FF21} 磨坊 🙂", "  \n\n  "] {
      let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
      _ = tokenizer.decode(ids, skipSpecial: false)
    }
  }
}

@Suite struct PieceMetadataTests {
  /// The metadata that a GGUF of a model would have.
  static func metadata(_ name: String) throws -> GGUFMetadata {
    let file = try SentencePieceFile(GoldenPieces.bytes(name + ".model"))
    let pieces = file.pieces
    let isUnigram = file.algorithm == .unigram
    return GGUFMetadata([
      ("tokenizer.ggml.model", .string(isUnigram ? "t5" : "llama")),
      ("tokenizer.ggml.tokens", .array(.string(pieces.map(\.text)))),
      ("tokenizer.ggml.scores", .array(.float32(pieces.map(\.score)))),
      ("tokenizer.ggml.token_type", .array(.int32(pieces.map { Int32($0.kind) }))),
      ("tokenizer.ggml.unknown_token_id", .uint32(0)),
      ("tokenizer.ggml.add_space_prefix", .bool(file.normalization.addsDummyPrefix)),
      (
        "tokenizer.ggml.remove_extra_whitespaces", .bool(file.normalization.removesExtraWhitespace)
      ), ("tokenizer.ggml.precompiled_charsmap", .array(.uint8(file.normalization.charsmap))),
    ])
  }

  @Test("A GGUF gives the ids of the model", arguments: ["llama", "unigram"])
  func ids(_ name: String) throws {
    let golden = try #require(GoldenPieces.all.first { $0.name == name })
    let tokenizer = try Tokenizer(metadata: Self.metadata(name))
    for row in golden.rows {
      #expect(
        tokenizer.encode(row.text, addSpecial: false, parseSpecial: false) == row.ids,
        "\(row.text.debugDescription)")
    }
    #expect(tokenizer.encode("", addSpecial: true, parseSpecial: false) == [1])
  }

  @Test("A text after a special token begins with a space, where texts do")
  func afterSpecial() throws {
    let tokenizer = try Tokenizer(metadata: Self.metadata("llama"))
    let text = "the stone"
    let plain = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    #expect(
      tokenizer.encode("<s>" + text + "</s>" + text, addSpecial: false, parseSpecial: true)
        == [1] + plain + [2] + plain)
    #expect(tokenizer.decode([1] + plain, skipSpecial: true) == text)
  }

  @Test(
    "Bad metadata is an error that says what is wrong",
    arguments: [
      (
        "scores", GGUFValue.array(.float32([1])),
        TokenizerError.countMismatch(key: "tokenizer.ggml.scores", expected: 640, found: 1)
      ),
      (
        "scores", .string("many"),
        .wrongType(key: "tokenizer.ggml.scores", expected: "an array of numbers")
      ),
    ])
  func hostile(_ key: String, _ value: GGUFValue, _ error: TokenizerError) throws {
    var metadata = try Self.metadata("llama")
    metadata["tokenizer.ggml.\(key)"] = value
    #expect(throws: error) { try Tokenizer(metadata: metadata) }
  }

  @Test("A table of replacements cut off anywhere is an error, or one that leads nowhere")
  func charsmap() throws {
    let metadata = try Self.metadata("unigram")
    let key = "tokenizer.ggml.precompiled_charsmap"
    let whole = try #require(metadata.integers(key)).map { UInt8($0) }
    for count in stride(from: 0, to: whole.count, by: 53) {
      var cut = metadata
      cut[key] = .array(.uint8(Array(whole[..<count])))
      guard let tokenizer = try? Tokenizer(metadata: cut) else { continue }
      _ = tokenizer.encode("\u{FF21}\u{FB01} e\u{301}", addSpecial: false, parseSpecial: false)
    }
  }
}
