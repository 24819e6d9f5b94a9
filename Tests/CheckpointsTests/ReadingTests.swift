import Checkpoints
import GGUF
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Tokenizers

@Suite struct ReadingTests {
  @Test(
    "A Hugging Face folder has the metadata, in the order and types, that llama.cpp's converter writes",
    arguments: CheckpointFixture.allCases)
  func metadata(_ fixture: CheckpointFixture) throws {
    let expected = try #require(fixture.expected["metadata"]?.array)
    let found = try Checkpoint(at: fixture.path).metadata
    #expect(
      found.keys.filter { !fixture.addedKeys.contains($0) }
        == expected.compactMap { $0.array?.first?.string })
    for entry in expected {
      let entry = try #require(entry.array)
      let key = try #require(entry[0].string)
      let value = try #require(found[key], "\(key)")
      #expect(value.isEqual(to: entry[2], type: entry[1].string ?? ""), "\(key)")
    }
  }

  @Test(
    "Its tensors have GGUF's names, order and rows", arguments: CheckpointFixture.allCases)
  func tensors(_ fixture: CheckpointFixture) throws {
    let expected = try #require(fixture.expected["tensors"]?.array).compactMap(\.array)
    let found = try Checkpoint(at: fixture.path).tensors
    #expect(found.map(\.name) == expected.compactMap { $0[0].string })
    for (tensor, entry) in zip(found, expected) {
      #expect(tensor.shape.dimensions == entry[2].array?.compactMap(\.integer), "\(tensor.name)")
      // The reference widens vectors; their bytes are comparable where the fixture is wide already.
      if tensor.type.description == entry[1].string, tensor.source.shift == 0 {
        #expect(digest(tensor.bytes) == entry[3].string, "\(tensor.name)")
      }
    }
  }

  @Test("Only llama's queries and keys have their rows turned")
  func turnedRows() throws {
    let orders = try Checkpoint(at: CheckpointFixture.llama.path).tensors
      .filter { $0.source.rowOrder != .asStored }
      .map { "\($0.name) \($0.source.rowOrder)" }
    #expect(
      orders.sorted() == [
        "blk.0.attn_k.weight pairs(heads: 2)", "blk.0.attn_q.weight pairs(heads: 4)",
        "blk.1.attn_k.weight pairs(heads: 2)", "blk.1.attn_q.weight pairs(heads: 4)",
      ])
    let qwen2 = try Checkpoint(at: CheckpointFixture.qwen2.path).tensors
    #expect(qwen2.allSatisfy { $0.source.rowOrder == .asStored })
  }

  @Test(
    "Rows from halves to pairs and back are where they were",
    arguments: [(1, 2), (1, 8), (4, 16), (2, 10), (3, 64)])
  func rowOrders(heads: Int, perHead: Int) {
    let rows = heads * perHead
    let (pairs, halves) = (RowOrder.pairs(heads: heads), RowOrder.halves(heads: heads))
    for row in 0..<rows {
      #expect(pairs.storedRow(of: halves.storedRow(of: row, rows: rows), rows: rows) == row)
      #expect(halves.storedRow(of: pairs.storedRow(of: row, rows: rows), rows: rows) == row)
    }
    #expect(Set((0..<rows).map { pairs.storedRow(of: $0, rows: rows) }).count == rows)
  }

  @Test("A bare weights file or index is read with the folder's configuration")
  func weightsInFolder() throws {
    let whole = try Checkpoint(at: CheckpointFixture.llama.path)
    let file = try Checkpoint(at: CheckpointFixture.llama.path.appending("model.safetensors"))
    #expect(file.tensors.map(\.name) == whole.tensors.map(\.name))
    let index = CheckpointFixture.qwen2.path.appending("model.safetensors.index.json")
    #expect(try Checkpoint(at: index).tensors.count == 27)
  }

  @Test("Rotary base and scaling read alike from the keys of transformers 5 and of those before")
  func rotaryForms() throws {
    let copy = try CheckpointFixture.qwen2.copy()
    try copy.replace("\"rope_type\": \"default\"", with: "\"rope_type\": \"yarn\", \"factor\": 4.0")
    let new = try Checkpoint(at: copy.path).metadata
    let old = try CheckpointFixture.qwen2.copy()
    try old.replace(
      "\"rope_parameters\": {", with: "\"rope_theta\": 1000000, \"rope_scaling\": {")
    try old.replace("\"rope_theta\": 1000000.0,", with: "\"type\": \"yarn\", \"factor\": 4.0,")
    try old.replace("\"rope_type\": \"default\"", with: "\"beta_fast\": 32")
    var same = try Checkpoint(at: old.path).metadata
    #expect(same["qwen2.rope.scaling.yarn_beta_fast"] == .float32(32))
    same["qwen2.rope.scaling.yarn_beta_fast"] = nil
    #expect(same.keys == new.keys)
    #expect(same.entries.map(\.value) == new.entries.map(\.value))
    #expect(new["qwen2.rope.scaling.type"] == .string("yarn"))
    #expect(new["qwen2.rope.scaling.factor"] == .float32(4))
    #expect(new["qwen2.rope.scaling.original_context_length"] == .uint32(1024))
    #expect(new["qwen2.rope.freq_base"] == .float32(1_000_000))
  }

  @Test("Llama 3's scaling becomes a tensor of divisors, the first of the file")
  func llama3Divisors() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace("\"rope_scaling\": null", with: "\"rope_scaling\": \(llama3Scaling)")
    try copy.replace("\"rope_theta\": 100000", with: "\"rope_theta\": 500000")
    let tensor = try #require(try Checkpoint(at: copy.path).tensors.first)
    #expect(tensor.name == "rope_freqs.weight")
    #expect(tensor.shape.dimensions == [8])
    guard case .values(let divisors) = tensor.source.content else {
      Issue.record("expected values, found \(tensor.source.content)")
      return
    }
    // Of torch, in single precision; the power may differ in its last bit.
    for (found, expected) in zip(divisors, [1, 1, 1, 1, 3.2922628, 32, 32, 32] as [Float]) {
      #expect(abs(found - expected) <= 1e-6 * expected)
    }
  }

  struct NameCase: Sendable {
    let folder: String
    let values: [String: String]
  }

  @Test(
    "A folder's name tells the parts of the model's name",
    arguments: [
      NameCase(
        folder: "SmolLM2-135M-Instruct",
        // 135 million is a context length to a model of 78 thousand.
        values: [
          "name": "SmolLM2 135M Instruct", "finetune": "135m-Instruct", "basename": "SmolLM2",
        ]),
      NameCase(
        folder: "Mill-80K-v2-chat",
        values: [
          "name": "Mill 80K v2 chat", "basename": "Mill", "size_label": "80K", "version": "v2",
          "finetune": "chat",
        ]),
      NameCase(folder: "tiny model", values: ["name": "Tiny Model", "size_label": "78K"]),
    ])
  func names(_ example: NameCase) throws {
    let copy = try CheckpointFixture.llama.copy(named: example.folder)
    let metadata = try Checkpoint(at: copy.path).metadata
    for key in ["name", "basename", "version", "finetune"] {
      #expect(metadata.string("general.\(key)")?.lowercased() == example.values[key]?.lowercased())
    }
    if let label = example.values["size_label"] {
      #expect(metadata.string("general.size_label") == label)
    }
  }

  @Test("The model card and the generation defaults are carried along")
  func modelCard() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.write(
      """
      ---
      license: apache-2.0
      language:
      - en
      - de
      tags: [mill, "grain"]
      pipeline_tag: text-generation
      nested:
        key: value
      base_model: Org/some-model
      ---
      # Mill
      license: none
      """, as: "README.md")
    try copy.write(
      #"{"temperature": 0.5, "top_k": 20, "repetition_penalty": 1.25}"#,
      as: "generation_config.json")
    let metadata = try Checkpoint(at: copy.path).metadata
    #expect(metadata.string("general.license") == "apache-2.0")
    #expect(metadata.strings("general.languages") == ["en", "de"])
    #expect(metadata.strings("general.tags") == ["mill", "grain", "text-generation"])
    #expect(metadata.string("general.base_model.0.name") == "Some Model")
    #expect(
      metadata.string("general.base_model.0.repo_url") == "https://huggingface.co/Org/some-model")
    #expect(metadata["general.sampling.temp"] == .float32(0.5))
    #expect(metadata["general.sampling.top_k"] == .int32(20))
    #expect(metadata["general.sampling.penalty_repeat"] == .float32(1.25))
  }

  @Test("A pre-tokenizer that no other program knows is read with a warning")
  func unknownPreTokenizer() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace(
      "\"individual_digits\": true", with: "\"individual_digits\": false", in: "tokenizer.json")
    let checkpoint = try Checkpoint(at: copy.path)
    #expect(checkpoint.metadata.string("tokenizer.ggml.pre") == "default")
    #expect(checkpoint.warnings.count == 1)
  }

  @Test("A tokenizer that begins and ends texts says so")
  func frame() throws {
    let copy = try CheckpointFixture.llama.copy()
    try copy.replace(
      "\"post_processor\": null",
      with: """
        "post_processor": {"type": "TemplateProcessing", "single": [
          {"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
          {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}], "pair": [], "special_tokens": {}}
        """, in: "tokenizer.json")
    let metadata = try Checkpoint(at: copy.path).metadata
    #expect(metadata.bool("tokenizer.ggml.add_bos_token") == true)
    #expect(metadata.bool("tokenizer.ggml.add_eos_token") == true)
    // The declared end, which the template does not use, ends turns.
    #expect(metadata.integer("tokenizer.ggml.eos_token_id") == 0)
    #expect(metadata.integer("tokenizer.ggml.eot_token_id") == 2)
  }

  @Test("The tokenizer of the metadata gives the tokens of the folder's")
  func tokens() throws {
    for fixture in CheckpointFixture.allCases {
      let ours = try Tokenizer(metadata: Checkpoint(at: fixture.path).metadata)
      let theirs = try Tokenizer(at: fixture.path)
      let text = "<|im_start|>user\nI'm 42 years old, isn't über 1234?\n\n  x <|im_end|>\n"
      #expect(
        ours.encode(text, addSpecial: true, parseSpecial: true)
          == theirs.encode(text, addSpecial: true, parseSpecial: true))
      #expect(ours.chatTemplate == theirs.chatTemplate)
    }
  }
}

let llama3Scaling =
  #"{"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "#
  + #""original_max_position_embeddings": 8192}"#

extension GGUFValue {
  /// Whether this is what the `gguf` package read as `json`, of its types' names in `type`.
  fileprivate func isEqual(to json: JSONValue, type: String) -> Bool {
    switch (self, type) {
    case (.string(let value), "string"): .string(value) == json
    case (.bool(let value), "bool"): .bool(value) == json
    case (.uint32(let value), "uint32"): .integer(Int(value)) == json
    case (.int32(let value), "int32"): .integer(Int(value)) == json
    case (.float32(let value), "float32"):
      switch json {
      case .number(let number): Float(number) == value
      case .integer(let number): Float(number) == value
      default: false
      }
    case (.array(.string(let list)), "array string"): json == .array(list.map { .string($0) })
    case (.array(.int32(let list)), "array int32"):
      json == .array(list.map { .integer(Int($0)) })
    default: false
    }
  }
}
