import Conversion
import GGUF
import TensorCore
import TestSupport
import Testing

/// Types that llama.cpp gives the tensors of a model under one recipe.
struct ExpectedTypes {
  let recipe: Recipe
  let hasImportance: Bool
  let base: String
  /// The tensors that get another type than the base.
  var others: [String: String] = [:]

  /// Reads sections of `[RECIPE] base` or `[RECIPE imatrix] base`, then `blk.{0-3,7}.attn_v.weight q5_K`.
  static func read(_ file: String) throws -> [Self] {
    var sections: [Self] = []
    for words in try ModelOutline.lines(file) {
      if words[0].hasPrefix("[") {
        let heading = words.dropLast().joined(separator: " ").dropFirst().dropLast()
          .split(separator: " ")
        sections.append(
          Self(
            recipe: try #require(Recipe(named: String(heading[0]))),
            hasImportance: heading.count > 1, base: words[words.count - 1].uppercased()))
      } else {
        for name in names(words[0]) {
          sections[sections.count - 1].others[name] = words[1].uppercased()
        }
      }
    }
    return sections
  }

  private static func names(_ pattern: String) -> [String] {
    let parts = pattern.split { $0 == "{" || $0 == "}" }.map(String.init)
    guard parts.count == 3 else { return [pattern] }
    return LayerNumbers.of(parts[1]).map { parts[0] + "\($0)" + parts[2] }
  }
}

/// Models with the types that llama.cpp's own tests expect, recipe by recipe.
private let snapshots = [
  "deepseek-v3.1", "gemma-3-4b-it", "glm-4.6v", "gpt-oss-120b", "meta-llama-3.1-70b-instruct",
  "nvidia-nemotron-3-nano-30b-a3b", "qwen3-0.6b", "qwen3-14b", "qwen3-coder-next",
  "qwen3.5-397b-a17b", "qwen3.6-27b", "step-3.5-flash",
]

@Suite struct RecipeTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Expects the types of every tensor in every section.
  private func check(_ sections: [ExpectedTypes], of model: String) throws {
    let outline = try ModelOutline(model)
    let facts = ModelFacts(outline.metadata, architecture: outline.architecture)
    let shapes = Dictionary(uniqueKeysWithValues: outline.tensors.map { ($0.name, $0.shape) })
    let names = TypeChooser.offeringOrder(outline.tensors.map(\.name))
    for section in sections {
      #expect(section.recipe.base.name == section.base)
      var options = ConversionOptions()
      if section.hasImportance { options.importance = try .even(["another": 32], in: folder) }
      var chooser = TypeChooser(section.recipe, facts: facts, names: names, options: options)
      var others: [String: String] = [:]
      for name in names {
        let shape = try #require(shapes[name])
        let type = chooser.choose(name, shape: shape, kept: .i32).type
        if !TypeChooser.mayQuantize(name, shape: shape, architecture: outline.architecture) {
          #expect(type == .i32)
        } else if type != section.recipe.base {
          others[name] = type.name
        }
      }
      #expect(others == section.others, "\(section.recipe.name)")
    }
  }

  @Test("Every tensor gets the type that llama.cpp's tests expect", arguments: snapshots)
  func snapshot(model: String) throws {
    let sections = try ExpectedTypes.read("\(model).schema")
    #expect(sections.count == Recipe.table.count { !["NVFP4", "Q1_0", "Q2_0"].contains($0.name) })
    try check(sections, of: model)
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
