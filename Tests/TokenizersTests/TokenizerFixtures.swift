import Foundation
import GGUF
import Testing
import Tokenizers

/// The committed vocabularies with what the `tokenizers` library makes of the texts.
struct GoldenVocabulary: Sendable, CustomTestStringConvertible {
  struct Row: Sendable {
    var text: String
    var ids: [Int32]
    var framed: [Int32]
    var decoded: String
  }

  var name: String
  var json: [UInt8]
  var rows: [Row]
  var testDescription: String { name }

  func tokenizer() throws -> Tokenizer { try Tokenizer(tokenizerJSON: json, config: nil) }

  static let all: [GoldenVocabulary] = {
    guard let golden = try? JSONValue(parsing: TokenizerFixtures.bytes("golden.json")) else {
      return []
    }
    let texts = golden["texts"]?.array?.compactMap(\.string) ?? []
    return (golden["vocabularies"]?.array ?? []).compactMap { entry in
      guard let name = entry["name"]?.string,
        let json = try? TokenizerFixtures.bytes(name + ".json"),
        let rows = entry["rows"]?.array
      else { return nil }
      return GoldenVocabulary(
        name: name, json: json,
        rows: zip(texts, rows).map { text, row in
          Row(
            text: text, ids: ids(row.array?[0]), framed: ids(row.array?[1]),
            decoded: row.array?[2].string ?? "")
        })
    }
  }()

  private static func ids(_ value: JSONValue?) -> [Int32] {
    value?.array?.compactMap { $0.integer.map(Int32.init) } ?? []
  }
}

enum TokenizerFixtures {
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/tokenizers")
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// The metadata that a GGUF file of a committed vocabulary would have.
  static func metadata(_ vocabulary: GoldenVocabulary, pre: String) throws -> GGUFMetadata {
    let root = try JSONValue(parsing: vocabulary.json)
    let members = (root["model"]?["vocab"]?.object ?? []).sorted {
      ($0.value.integer ?? 0) < ($1.value.integer ?? 0)
    }
    let merges = (root["model"]?["merges"]?.array ?? []).map { merge in
      merge.string ?? (merge.array ?? []).compactMap(\.string).joined(separator: " ")
    }
    var types = [Int32](repeating: 1, count: members.count)
    for token in root["added_tokens"]?.array ?? [] {
      if let id = token["id"]?.integer { types[id] = token["special"] == .bool(true) ? 3 : 4 }
    }
    return GGUFMetadata([
      ("tokenizer.ggml.model", .string("gpt2")),
      ("tokenizer.ggml.pre", .string(pre)),
      ("tokenizer.ggml.tokens", .array(.string(members.map(\.key)))),
      ("tokenizer.ggml.token_type", .array(.int32(types))),
      ("tokenizer.ggml.merges", .array(.string(merges))),
      ("tokenizer.ggml.bos_token_id", .uint32(1)),
      ("tokenizer.ggml.eos_token_id", .uint32(2)),
    ])
  }
}
