import Conversion
import GGUF
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// One thing that is refused.
struct Refusal: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let reason: EditError.Reason
  let mayBeForced: Bool
  let change: @Sendable (inout Edit) -> Void

  init(
    _ description: String, _ reason: EditError.Reason, mayBeForced: Bool = false,
    _ change: @escaping @Sendable (inout Edit) -> Void
  ) {
    testDescription = description
    self.reason = reason
    self.mayBeForced = mayBeForced
    self.change = change
  }
}

/// Edits that would leave a file that does not work.
@Suite struct EditRefusalTests {
  let fixture: ConversionFixture
  let source: FilePath

  init() throws {
    fixture = try ConversionFixture()
    source = try fixture.editable()
  }

  @Test(
    "What would break the file is refused, and forced where a user may know better",
    arguments: cases)
  func refusals(_ refusal: Refusal) throws {
    var edit = Edit()
    refusal.change(&edit)
    let error = try #require(throws: EditError.self) { _ = try EditPlan(edit, of: source) }
    #expect(error.reason == refusal.reason)
    edit.isForced = true
    if refusal.mayBeForced {
      #expect(try !EditPlan(edit, of: source).warnings.isEmpty)
    } else {
      #expect(throws: EditError.self) { _ = try EditPlan(edit, of: source) }
    }
  }

  @Test("A number that the tensors never confirmed may become any other")
  func unconfirmed() throws {
    let wrong = try fixture.edited(
      Edit {
        $0.values = [("llama.block_count", .uint32(7))]
        $0.isForced = true
      }, of: source, as: "wrong.gguf")
    let plan = try EditPlan(Edit { $0.values = [("llama.block_count", .uint32(1))] }, of: wrong)
    #expect(plan.changes.count == 1 && plan.warnings.isEmpty)
  }

  @Test("A name beyond what ggml keeps is refused, forced or not")
  func longName() throws {
    let name = String(repeating: "n", count: 64)
    let plan = try EditPlan(Edit { $0.renamedTensors = [("output_norm.weight", name)] }, of: source)
    let error = try #require(throws: GGUFError.self) {
      _ = try plan.copy(to: fixture.path("long.gguf"))
    }
    #expect(error.reason == .nameTooLong(byteCount: 64, limit: 63))
  }

  @Test("Names that an index beside a shard gives are not changed unless forced")
  func index() throws {
    let path = try fixture.safetensors(
      ConversionFixture.model(), as: "model-00001-of-00001.safetensors")
    _ = try fixture.folder.write(
      Array(
        #"{"weight_map":{"token_embd.weight":"model-00001-of-00001.safetensors"}}"#.utf8),
      as: "model.safetensors.index.json")
    var change = Edit { $0.renamedTensors = [("token_embd.weight", "embed")] }
    let error = try #require(throws: EditError.self) { _ = try EditPlan(change, of: path) }
    #expect(error.reason == .namedByIndex("model.safetensors.index.json"))
    change.isForced = true
    #expect(try EditPlan(change, of: path).warnings.count == 1)
    let number = Edit { $0.values = [("n", .uint32(1))] }
    let strings = try #require(throws: EditError.self) { _ = try EditPlan(number, of: path) }
    #expect(strings.reason == .onlyStrings(key: "n", found: "uint32"))
  }
}

extension EditRefusalTests {
  static let cases = [
    Refusal(
      "another alignment",
      .fixedKey("general.alignment", why: "the tensors lie at multiples of it")
    ) { $0.values = [("general.alignment", .uint32(64))] },
    Refusal(
      "a key of a split",
      .fixedKey("split.count", why: "it belongs to a set of files, which convert makes")
    ) { $0.values = [("split.count", .uint16(2))] },
    Refusal("a key that is not there", .noSuchKey("nope")) { $0.removedKeys = ["nope"] },
    Refusal("a key twice", .repeatedKey("a")) {
      $0.values = [("a", .bool(true)), ("a", .bool(false))]
    },
    Refusal("an empty key", .emptyName) { $0.values = [("", .bool(true))] },
    Refusal("a tensor that is not there", .noSuchTensor("nope")) {
      $0.renamedTensors = [("nope", "yes")]
    },
    Refusal("a name that is taken", .nameTaken("token_embd.weight")) {
      $0.renamedTensors = [("output_norm.weight", "token_embd.weight")]
    },
    Refusal("a tensor renamed twice", .renamedTwice("output_norm.weight")) {
      $0.renamedTensors = [("output_norm.weight", "a"), ("output_norm.weight", "b")]
    },
    Refusal(
      "another architecture", .otherArchitecture(from: "llama", to: "qwen2"), mayBeForced: true
    ) { $0.values = [("general.architecture", .string("qwen2"))] },
    Refusal(
      "another type",
      .otherType(key: "llama.attention.head_count", expected: "uint32", found: "string"),
      mayBeForced: true
    ) { $0.values = [("llama.attention.head_count", .string("4"))] },
    Refusal("an array of arrays", .nestedArray(key: "n"), mayBeForced: true) {
      $0.values = [("n", .array(.array([.uint8([1])])))]
    },
    Refusal(
      "a number of blocks that there are not",
      .contradiction(
        key: "llama.block_count", expected: 1, found: "2", evidence: "blk.0.attn_q.weight"),
      mayBeForced: true
    ) { $0.values = [("llama.block_count", .uint32(2))] },
    Refusal(
      "a width that the embedding has not",
      .contradiction(
        key: "llama.embedding_length", expected: 256, found: "missing",
        evidence: "token_embd.weight"),
      mayBeForced: true
    ) { $0.removedKeys = ["llama.embedding_length"] },
    Refusal(
      "fewer tokens than the embedding has rows",
      .contradiction(
        key: "tokenizer.ggml.tokens", expected: 37, found: "1", evidence: "token_embd.weight"),
      mayBeForced: true
    ) { $0.values = [("tokenizer.ggml.tokens", .array(.string(["a"])))] },
    Refusal(
      "a list beside the tokens that is shorter",
      .contradiction(
        key: "tokenizer.ggml.token_type", expected: 37, found: "2",
        evidence: "tokenizer.ggml.tokens"),
      mayBeForced: true
    ) { $0.values = [("tokenizer.ggml.token_type", .array(.int32([1, 1])))] },
  ]
}
