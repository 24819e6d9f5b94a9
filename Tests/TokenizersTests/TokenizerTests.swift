import GGUF
import Testing
import Tokenizers

@Suite struct TokenizerTests {
  @Test("Ids equal those of the tokenizers library", arguments: GoldenVocabulary.all)
  func encode(_ vocabulary: GoldenVocabulary) throws {
    #expect(vocabulary.rows.count > 80)
    let tokenizer = try vocabulary.tokenizer()
    for row in vocabulary.rows {
      #expect(
        tokenizer.encode(row.text, addSpecial: false, parseSpecial: true) == row.ids,
        "\(row.text.debugDescription)")
      #expect(
        tokenizer.encode(row.text, addSpecial: true, parseSpecial: true) == row.framed,
        "\(row.text.debugDescription)")
    }
  }

  @Test("Decoded text equals that of the tokenizers library", arguments: GoldenVocabulary.all)
  func decode(_ vocabulary: GoldenVocabulary) throws {
    let tokenizer = try vocabulary.tokenizer()
    for row in vocabulary.rows {
      #expect(
        tokenizer.decode(row.ids, skipSpecial: true) == row.decoded, "\(row.text.debugDescription)")
    }
  }

  @Test(
    "GGUF metadata and tokenizer.json of one vocabulary give the same ids",
    arguments: [("smollm", "smollm"), ("qwen2", "qwen2"), ("llama3", "llama-bpe")])
  func metadata(_ name: String, _ pre: String) throws {
    let vocabulary = try #require(GoldenVocabulary.all.first { $0.name == name })
    let tokenizer = try Tokenizer(metadata: TokenizerFixtures.metadata(vocabulary, pre: pre))
    for row in vocabulary.rows {
      #expect(
        tokenizer.encode(row.text, addSpecial: false, parseSpecial: true) == row.ids,
        "\(row.text.debugDescription)")
    }
    let prefix: [Int32] = pre == "llama-bpe" ? [1] : []
    #expect(tokenizer.encode("", addSpecial: true, parseSpecial: true) == prefix)
  }

  @Test("Special tokens are read from text only when asked for")
  func parseSpecial() throws {
    let tokenizer = try #require(GoldenVocabulary.all.first).tokenizer()
    let text = "<|im_start|>user<|im_end|>"
    let parsed = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    let plain = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    #expect(parsed.first == tokenizer.id(of: "<|im_start|>"))
    #expect(parsed.last == tokenizer.id(of: "<|im_end|>"))
    #expect(!plain.contains { tokenizer.isSpecial($0) })
    #expect(tokenizer.decode(plain, skipSpecial: true) == text)
    #expect(tokenizer.decode(parsed, skipSpecial: true) == "user")
    #expect(tokenizer.decode(parsed, skipSpecial: false) == text)
  }

  @Test("A stream of tokens never holds half a character, and adds up to the whole text")
  func stream() throws {
    let tokenizer = try #require(GoldenVocabulary.all.first).tokenizer()
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: .min ... .max, using: &generator)
    var state = seed
    for _ in 0..<300 {
      var ids: [Int32] = []
      for _ in 0..<20 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ids.append(Int32(state >> 33) % Int32(tokenizer.vocabularyCount))
      }
      var decoder = tokenizer.makeDecoder(skipSpecial: false)
      var text = ""
      for id in ids { text += decoder.decode(id) }
      text += decoder.finish()
      #expect(
        Array(text.utf8) == Array(tokenizer.decode(ids, skipSpecial: false).utf8), "seed \(seed)")
    }
    var decoder = tokenizer.makeDecoder()
    var parts: [String] = []
    for id in tokenizer.encode("é🙂", addSpecial: false, parseSpecial: false) {
      parts.append(decoder.decode(id))
    }
    #expect(parts.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
    #expect(parts.joined() == "é🙂")
    _ = decoder.decode(tokenizer.encode("é", addSpecial: false, parseSpecial: false)[0])
    #expect(tokenizer.bytes(of: -1).isEmpty && tokenizer.piece(1 << 30).isEmpty)
  }

  @Test("Words of a million letters are encoded without quadratic work", .timeLimit(.minutes(1)))
  func longWords() throws {
    let tokenizer = try #require(GoldenVocabulary.all.first).tokenizer()
    for unit in ["a", "ab", " ", "\n", "é", "mill"] {
      let text = String(repeating: unit, count: 250_000)
      let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
      #expect(tokenizer.decode(ids, skipSpecial: false) == text)
    }
  }

  @Test("Merging by heap and by scan gives the same tokens")
  func heapAndScan() throws {
    let tokenizer = try #require(GoldenVocabulary.all.first).tokenizer()
    // Digits stand alone, so each word between them is short; joined by letters, they make one long word.
    let word = "multipliedgrainthemiller"
    let short = tokenizer.encode(word, addSpecial: false, parseSpecial: false)
    let long = tokenizer.encode(
      word + "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", addSpecial: false, parseSpecial: false)
    #expect(Array(long.prefix(short.count)) == short)
  }

  @Test("The ends of an answer are found by name, and text is not taken for them")
  func ends() throws {
    var metadata = try TokenizerFixtures.metadata(
      #require(GoldenVocabulary.all.first), pre: "smollm")
    let tokenizer = try Tokenizer(metadata: metadata)
    #expect(tokenizer.endOfGenerationIDs == [0, 2])
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2)
    metadata["tokenizer.ggml.eot_token_id"] = .uint32(5)
    #expect(try Tokenizer(metadata: metadata).endOfGenerationIDs == [0, 2, 5])
    metadata["tokenizer.ggml.eos_token_id"] = .uint32(70_000)
    #expect(try Tokenizer(metadata: metadata).eosID == nil)
    // "</s>" made by merges is a piece of text.
    let made = GGUFMetadata([
      ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("gpt-2")),
      (
        "tokenizer.ggml.tokens",
        .array(.string(["<", "/", "s", ">", "</", "s>", "</s>", "<|im_end|>"]))
      ),
      ("tokenizer.ggml.merges", .array(.string(["< /", "s >", "</ s>"]))),
    ])
    #expect(try Tokenizer(metadata: made).endOfGenerationIDs == [7])
  }

  @Test("Begin and end tokens and the template come from tokenizer_config.json")
  func config() throws {
    let vocabulary = try #require(GoldenVocabulary.all.first)
    let config = #"""
      {"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"},
       "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}
      """#
    let tokenizer = try Tokenizer(tokenizerJSON: vocabulary.json, config: Array(config.utf8))
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2)
    #expect(tokenizer.chatTemplate == "d")
    #expect(tokenizer.templateVariables["eos_token"] == .string("<|im_end|>"))
  }
}
