import Foundation
import Testing
import Tokenizers

/// A committed SentencePiece model with what the library makes of texts and ids.
struct GoldenPieces: Sendable, CustomTestStringConvertible {
  var name: String
  var model: [UInt8]
  var rows: [(text: String, ids: [Int32], decoded: String)]
  /// Ids that no text gives, and their text.
  var decoded: [(ids: [Int32], text: String)]
  var testDescription: String { name }

  func tokenizer() throws -> Tokenizer { try Tokenizer(sentencePieceModel: model, config: nil) }

  static let all: [GoldenPieces] = {
    guard let golden = try? JSONValue(parsing: bytes("golden.json")) else { return [] }
    let texts = golden["texts"]?.array?.compactMap(\.string) ?? []
    return (golden["models"]?.array ?? []).compactMap { entry in
      guard let name = entry["name"]?.string, let model = try? bytes(name + ".model"),
        let rows = entry["rows"]?.array, let decoded = entry["decoded"]?.array
      else { return nil }
      return GoldenPieces(
        name: name, model: model,
        rows: zip(texts, rows).map { ($0, ids($1.array?[0]), $1.array?[1].string ?? "") },
        decoded: decoded.map { (ids($0.array?[0]), $0.array?[1].string ?? "") })
    }
  }()

  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/sentencepiece")
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  private static func ids(_ value: JSONValue?) -> [Int32] {
    value?.array?.compactMap { $0.integer.map(Int32.init) } ?? []
  }
}
