import Foundation
import TensorCore
import Testing

import Conversion

/// A dense model, as far as the choice of types sees it.
struct DenseModel: Sendable, CustomTestStringConvertible {
  let file: String
  let architecture: String
  let layers: Int
  let width: Int
  let feedForward: Int
  let heads: Int
  let kvHeads: Int
  let headWidth: Int
  let vocabulary: Int
  let hasOutput: Bool

  var testDescription: String { file }

  var tensors: [(name: String, shape: Shape)] {
    get throws {
      var list = [("token_embd.weight", try Shape([vocabulary, width]))]
      if hasOutput { list.append(("output.weight", try Shape([vocabulary, width]))) }
      for layer in 0..<layers {
        func add(_ name: String, _ rows: Int, _ columns: Int) throws {
          list.append(("blk.\(layer).\(name).weight", try Shape([rows, columns])))
        }
        try add("attn_q", heads * headWidth, width)
        try add("attn_k", kvHeads * headWidth, width)
        try add("attn_v", kvHeads * headWidth, width)
        try add("attn_output", width, heads * headWidth)
        try add("ffn_gate", feedForward, width)
        try add("ffn_up", feedForward, width)
        try add("ffn_down", width, feedForward)
        list.append(("blk.\(layer).attn_norm.weight", try Shape([width])))
      }
      return list
    }
  }
}

private let models = [
  DenseModel(
    file: "qwen3-0.6b", architecture: "qwen3", layers: 28, width: 1024, feedForward: 3072,
    heads: 16, kvHeads: 8, headWidth: 128, vocabulary: 151_936, hasOutput: true),
  DenseModel(
    file: "qwen3-14b", architecture: "qwen3", layers: 40, width: 5120, feedForward: 17408,
    heads: 40, kvHeads: 8, headWidth: 128, vocabulary: 151_936, hasOutput: true),
  DenseModel(
    file: "meta-llama-3.1-70b-instruct", architecture: "llama", layers: 80, width: 8192,
    feedForward: 28672, heads: 64, kvHeads: 8, headWidth: 128, vocabulary: 128_256,
    hasOutput: true),
  DenseModel(
    file: "gemma-3-4b-it", architecture: "gemma3", layers: 34, width: 2560, feedForward: 10240,
    heads: 8, kvHeads: 4, headWidth: 256, vocabulary: 262_144, hasOutput: false),
]

@Suite struct RecipeTests {
  /// `[recipe]` sections of a schema: the base type, and the tensors that get another.
  private func schema(_ name: String) throws -> [(
    recipe: String, base: String, others: [String: String]
  )] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/recipes/\(name).schema")
    var sections: [(recipe: String, base: String, others: [String: String])] = []
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      if line.hasPrefix("[") {
        sections.append((String(words[0].dropFirst().dropLast()), words[1], [:]))
      } else if !line.hasPrefix("#") {
        sections[sections.count - 1].others[words[0]] = words[1]
      }
    }
    return sections
  }

  @Test("Every tensor gets the type that llama.cpp gives it, in every recipe", arguments: models)
  func snapshots(model: DenseModel) throws {
    let tensors = try model.tensors
    let shapes = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) })
    let facts = ModelFacts(
      architecture: model.architecture, layerCount: model.layers, headCount: model.heads,
      kvHeadCount: model.kvHeads)
    let sections = try schema(model.file)
    #expect(sections.count == Recipe.table.count { !["Q1_0", "Q2_0"].contains($0.name) })
    for section in sections {
      let recipe = try #require(Recipe(named: section.recipe))
      #expect(recipe.base.name == section.base.uppercased())
      let names = TypeChooser.offeringOrder(tensors.map(\.name))
      var chooser = TypeChooser(recipe, facts: facts, names: names, options: ConversionOptions())
      var others: [String: String] = [:]
      for name in names {
        let shape = try #require(shapes[name])
        let choice = chooser.choose(name, shape: shape, kept: .f32)
        if name.hasSuffix("_norm.weight") {
          #expect(choice.type == .f32)
        } else if choice.type != recipe.base {
          others[name] = choice.type.name
        }
      }
      #expect(others == section.others.mapValues { $0.uppercased() }, "\(section.recipe)")
    }
  }

  @Test(
    "Rows that do not fill blocks get the fallback",
    arguments: [
      ("Q4_K_M", 896, TensorType.q5_0), ("Q5_K_M", 896, .q5_1), ("Q6_K", 896, .q8_0),
      ("Q4_K_S", 4864, .q4_K), ("Q2_K", 32, .q4_0), ("IQ4_XS", 96, .iq4_NL), ("Q4_0", 33, .f16),
      ("Q8_0", 33, .f16),
    ])
  func fallback(name: String, columns: Int, expected: TensorType) throws {
    let recipe = try #require(Recipe(named: name))
    let facts = ModelFacts(architecture: "llama", layerCount: 40, headCount: 8, kvHeadCount: 8)
    var chooser = TypeChooser(
      recipe, facts: facts, names: ["output.weight"], options: ConversionOptions())
    let choice = chooser.choose(
      "blk.9.ffn_up.weight", shape: try Shape([8, columns]), kept: .f32)
    #expect(choice.type == expected)
    #expect(choice.insteadOf == (expected == recipe.base ? nil : recipe.base))
  }

  @Test("A pure recipe gives every matrix the base type, where it fits")
  func pure() throws {
    let recipe = try #require(Recipe(named: "q4_k_m"))
    let facts = ModelFacts(architecture: "llama", layerCount: 2, headCount: 8, kvHeadCount: 8)
    var options = ConversionOptions()
    options.isPure = true
    var chooser = TypeChooser(recipe, facts: facts, names: [], options: options)
    for name in ["token_embd.weight", "output.weight", "blk.0.attn_v.weight"] {
      #expect(chooser.choose(name, shape: try Shape([4, 256]), kept: .f32).type == .q4_K)
    }
    #expect(chooser.choose("output_norm.weight", shape: try Shape([256]), kept: .f32).type == .f32)
  }

  @Test(
    "Small and sensitive matrices are left as they are",
    arguments: [
      "blk.0.attn_q_norm.weight", "blk.0.ffn_gate_inp.weight", "blk.0.attn_q.bias",
      "position_embd.weight", "blk.1.ssm_conv1d.weight",
    ])
  func kept(name: String) throws {
    #expect(!TypeChooser.mayQuantize(name, shape: try Shape([64, 256]), architecture: "llama"))
  }

  @Test("Names of recipes are found in any capitals, and by llama.cpp's short forms")
  func names() {
    #expect(Recipe(named: "q4_k")?.name == "Q4_K_M")
    #expect(Recipe(named: "bf16")?.base == .bf16)
    #expect(Recipe(named: "Q9_K") == nil)
  }

  @Test("A pattern, an output type, an embedding type and an exclusion go before the recipe")
  func overrides() throws {
    let recipe = try #require(Recipe(named: "Q4_K_M"))
    let facts = ModelFacts(architecture: "llama", layerCount: 32, headCount: 8, kvHeadCount: 8)
    var options = ConversionOptions()
    options.typeOverrides = [
      TypeOverride(try TensorPattern("attn_v"), .q8_0),
      TypeOverride(try TensorPattern(#"blk\.(1|2)\.ffn"#), .q6_K),
    ]
    options.outputType = .f16
    options.embeddingType = .q8_0
    options.excluded = [try TensorPattern("ffn_up")]
    let names = ["output.weight", "token_embd.weight"]
    var chooser = TypeChooser(recipe, facts: facts, names: names, options: options)
    func type(_ name: String) throws -> TensorType {
      chooser.choose(name, shape: try Shape([256, 256]), kept: .bf16).type
    }
    #expect(try type("output.weight") == .f16)
    #expect(try type("token_embd.weight") == .q8_0)
    #expect(try type("blk.0.attn_v.weight") == .q8_0)
    #expect(try type("blk.1.ffn_gate.weight") == .q6_K)
    #expect(try type("blk.11.ffn_gate.weight") == .q4_K)
    #expect(try type("blk.1.ffn_up.weight") == .bf16)
  }

  @Test("Without an output matrix, its type goes to the embedding")
  func tiedOutputType() throws {
    let recipe = try #require(Recipe(named: "Q4_K_M"))
    let facts = ModelFacts(architecture: "llama", layerCount: 32, headCount: 8, kvHeadCount: 8)
    var options = ConversionOptions()
    options.outputType = .q8_0
    var chooser = TypeChooser(
      recipe, facts: facts, names: ["token_embd.weight"], options: options)
    let choice = chooser.choose("token_embd.weight", shape: try Shape([256, 256]), kept: .f32)
    #expect(choice.type == .q8_0)
  }
}
