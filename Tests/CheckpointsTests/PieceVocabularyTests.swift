import Checkpoints
import Foundation
import GGUF
import SystemPackage
import TestSupport
import Testing
import Tokenizers

@Suite struct PieceVocabularyTests {
  /// A checkpoint with weights of zero, and the tokenizer that llama.cpp's converter makes of it.
  enum Vocabulary: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case llama, gemma, gemma3, phi3, mistral

    var testDescription: String { rawValue }
    static var root: FilePath { CheckpointFixture.folder.appending("pieces") }

    func metadata() throws -> GGUFMetadata {
      let checkpoint = try Checkpoint(at: Self.root.appending(rawValue))
      #expect(checkpoint.warnings.filter { $0.contains("token") }.isEmpty)
      return checkpoint.metadata
    }

    var expected: [JSONValue] {
      get throws {
        let bytes = try PieceVocabularyTests.bytes(at: Self.root.appending(rawValue + ".json"))
        return try #require(JSONValue(parsing: bytes).array)
      }
    }
  }

  static func bytes(at path: FilePath) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path.string)))
  }

  @Test("Metadata are those of llama.cpp's converter", arguments: Vocabulary.allCases)
  func expected(_ vocabulary: Vocabulary) throws {
    let metadata = try vocabulary.metadata()
    let expected = try vocabulary.expected
    #expect(
      metadata.keys.filter { $0.hasPrefix("tokenizer.") }
        == expected.compactMap { $0.array?[0].string })
    for entry in expected {
      let key = try #require(entry.array?[0].string)
      let value = try #require(entry.array?[2])
      switch metadata[key] {
      case .string(let text): #expect(text == value.string)
      case .bool(let flag): #expect(flag == value.bool)
      case .uint32(let number): #expect(Int(number) == value.integer)
      case .array(.string(let list)): #expect(list == value.array?.compactMap(\.string))
      case .array(.int32(let list)):
        #expect(list.map(Int.init) == value.array?.compactMap(\.integer))
      case .array(.float32(let list)):
        // The converter has no scores for pieces that merges make.
        if vocabulary != .mistral {
          #expect(list == value.array?.compactMap { $0.number.map { Float($0) } })
        }
      default: Issue.record("\(key)")
      }
    }
  }

  static let texts = [
    "", " ", "The miller doesn't hurry; he'd rather do it well: 1, 22, 333 sacks.",
    "  two\n\n\nthree\t",
    "磨坊主在两块石头之间磨谷物 🙂", "a<s>b</s> <unk> <table>  x", "<start_of_turn>user\nhi\n",
  ]

  @Test(
    "Ids of the metadata are those of the model",
    arguments: [("llama", "llama"), ("mistral", "llama"), ("gemma", "gemma")])
  func ids(_ name: String, _ model: String) throws {
    let vocabulary = try #require(Vocabulary(rawValue: name))
    let tokenizer = try Tokenizer(metadata: vocabulary.metadata())
    var path = CheckpointFixture.folder.removingLastComponent().appending("sentencepiece")
    path.append(model + ".model")
    let original = try Tokenizer(sentencePieceModel: Self.bytes(at: path), config: nil)
    for text in Self.texts {
      let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      #expect(
        ids == original.encode(text, addSpecial: false, parseSpecial: false),
        "\(text.debugDescription)")
      #expect(tokenizer.decode(ids, skipSpecial: true) == original.decode(ids, skipSpecial: true))
    }
  }

  @Test("The folder of a GGUF gives the same metadata again", arguments: Vocabulary.allCases)
  func roundTrip(_ vocabulary: Vocabulary) throws {
    let temporary = try TemporaryFolder()
    let path = temporary.path.appending("folder")
    let original = try asGGUF(Vocabulary.root.appending(vocabulary.rawValue))
    let folder = try HuggingFaceFolder(of: original)
    #expect(folder.textFiles.map(\.name).contains("tokenizer.json"))
    #expect(folder.textFiles.map(\.name).contains("tokenizer.model"))
    try write(folder, into: path)
    let again = try Checkpoint(at: path)
    for (key, value) in original.metadata.entries where key.hasPrefix("tokenizer.") {
      #expect(again.metadata[key] == value, "\(key)")
    }
    let old = try Tokenizer(metadata: original.metadata)
    let new = try Tokenizer(at: path.appending("tokenizer.model"))
    for text in Self.texts where vocabulary != .mistral && vocabulary != .phi3 {
      #expect(
        new.encode(text, addSpecial: true, parseSpecial: false)
          == old.encode(text, addSpecial: true, parseSpecial: false), "\(text.debugDescription)")
    }
  }
}
