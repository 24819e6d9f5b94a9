import Testing
import Tokenizers

/// A tokenizer of some kind with what the `tokenizers` library makes of texts.
struct PipelineCase: Sendable, CustomTestStringConvertible {
  struct Row: Sendable {
    var text: String
    var ids: [Int32]
    var framed: [Int32]
    /// Of `ids`, without special tokens.
    var skipped: String
    /// Of `framed`, all of it.
    var decoded: String
  }

  var seed: Int
  var json: [UInt8]
  var rows: [Row]
  var testDescription: String { "seed \(seed)" }

  func tokenizer() throws -> Tokenizer { try Tokenizer(tokenizerJSON: json, config: nil) }

  static let all: [PipelineCase] = {
    guard let cases = try? JSONValue(parsing: TokenizerFixtures.bytes("pipelines.json")) else {
      return []
    }
    return (cases.array ?? []).compactMap { entry in
      guard let seed = entry["seed"]?.integer, let json = entry["tokenizer"]?.string else {
        return nil
      }
      return PipelineCase(
        seed: seed, json: Array(json.utf8), rows: (entry["rows"]?.array ?? []).compactMap(row))
    }
  }()

  private static func row(_ value: JSONValue) -> Row? {
    guard let values = value.array, values.count == 5, let text = values[0].string,
      let skipped = values[3].string, let decoded = values[4].string
    else { return nil }
    return Row(
      text: text, ids: ids(values[1]), framed: ids(values[2]), skipped: skipped, decoded: decoded)
  }

  private static func ids(_ value: JSONValue) -> [Int32] {
    (value.array ?? []).compactMap { $0.integer.map(Int32.init) }
  }
}

/// Equal scalar by scalar: strings are equal when they are canonically equivalent.
private func areSame(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

@Suite struct PipelineTests {
  @Test("Tokenizers of many kinds are there")
  func cases() {
    #expect(PipelineCase.all.count == 65)
    #expect(PipelineCase.all.allSatisfy { $0.rows.count > 4 })
  }

  @Test("Ids equal those of the tokenizers library", arguments: PipelineCase.all)
  func encode(_ pipeline: PipelineCase) throws {
    let tokenizer = try pipeline.tokenizer()
    for row in pipeline.rows {
      let ids = tokenizer.encode(row.text, addSpecial: false, parseSpecial: true)
      #expect(ids == row.ids, "\(row.text.debugDescription)")
      let framed = tokenizer.encode(row.text, addSpecial: true, parseSpecial: true)
      #expect(framed == row.framed, "\(row.text.debugDescription)")
    }
  }

  @Test(
    "Decoded text equals that of the tokenizers library, at once and token by token",
    arguments: PipelineCase.all)
  func decode(_ pipeline: PipelineCase) throws {
    let tokenizer = try pipeline.tokenizer()
    for row in pipeline.rows {
      let skipped = tokenizer.decode(row.ids, skipSpecial: true)
      #expect(areSame(skipped, row.skipped), "\(row.ids)")
      let decoded = tokenizer.decode(row.framed, skipSpecial: false)
      #expect(areSame(decoded, row.decoded), "\(row.framed)")
      var decoder = tokenizer.makeDecoder(skipSpecial: false)
      let parts = row.framed.map { decoder.decode($0) } + [decoder.finish()]
      #expect(areSame(parts.joined(), row.decoded), "\(row.framed)")
    }
  }
}
