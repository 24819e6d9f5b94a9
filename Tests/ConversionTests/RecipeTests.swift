import Conversion
import GGUF
import TensorCore
import TestSupport
import Testing

/// Models with the types that llama.cpp's own tests expect, recipe by recipe.
private let snapshots = [
  "deepseek-v3.1", "gemma-3-4b-it", "glm-4.6v", "gpt-oss-120b", "meta-llama-3.1-70b-instruct",
  "nvidia-nemotron-3-nano-30b-a3b", "qwen3-0.6b", "qwen3-14b", "qwen3-coder-next",
  "qwen3.5-397b-a17b", "qwen3.6-27b", "step-3.5-flash",
]

/// Models with exceptions of their own, and the types that llama.cpp's quantizer gives them.
private let exceptions = [
  "bailingmoe3", "deepseek-v2-lite", "falcon-7b", "falcon-40b", "gemma-3n-e2b", "glm5-next",
  "mixtral-8x7b", "odd-names", "qwen2-72b",
]

@Suite struct RecipeTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// The types of all matrices of a model in BF16, by name.
  private func types(
    _ outline: ModelOutline, _ recipe: Recipe, hasImportance: Bool = false
  ) throws -> [String: TensorType] {
    let facts = ModelFacts(outline.metadata, architecture: outline.architecture)
    let shapes = Dictionary(uniqueKeysWithValues: outline.tensors.map { ($0.name, $0.shape) })
    let names = TypeChooser.offeringOrder(outline.tensors.map(\.name))
    var options = ConversionOptions()
    if hasImportance { options.importance = try .even(["another": 32], in: folder) }
    var chooser = TypeChooser(recipe, facts: facts, names: names, options: options)
    var types: [String: TensorType] = [:]
    for name in names {
      let shape = try #require(shapes[name])
      let type = chooser.choose(name, shape: shape, kept: .bf16).type
      if name.hasSuffix(".weight"), shape.dimensions.count > 1 { types[name] = type }
    }
    return types
  }

  @Test("Every tensor gets the type that llama.cpp's tests expect", arguments: snapshots)
  func snapshot(model: String) throws {
    let outline = try ModelOutline(model)
    let sections = try ExpectedTypes.read("\(model).schema")
    #expect(sections.count == Recipe.table.count { !["NVFP4", "Q1_0", "Q2_0"].contains($0.name) })
    let quantized = Set(
      outline.tensors.filter {
        TypeChooser.mayQuantize($0.name, shape: $0.shape, architecture: outline.architecture)
      }.map(\.name))
    for section in sections {
      #expect(section.recipe.base.name == section.base)
      let others = try types(outline, section.recipe)
        .filter { quantized.contains($0.key) && $0.value != section.recipe.base }
      #expect(others.mapValues(\.name) == section.others, "\(section.recipe.name)")
    }
  }

  @Test(
    "Every matrix gets the type that llama.cpp's quantizer gives it, with importance and without",
    arguments: exceptions)
  func exception(model: String) throws {
    let outline = try ModelOutline(model)
    let sections = try ExpectedTypes.read("\(model).types")
    // llama.cpp refuses Q1_0 where rows do not fill its blocks.
    #expect(sections.count { !$0.hasImportance } >= Recipe.table.count - 2)
    let weighted = Set(sections.filter(\.hasImportance).map(\.recipe.name))
    for section in sections {
      // What stands once holds either way.
      let isOnly = !weighted.contains(section.recipe.name)
      for hasImportance in isOnly ? [false, true] : [section.hasImportance] {
        let others = try types(outline, section.recipe, hasImportance: hasImportance)
          .filter { $0.value != section.recipe.base }
        #expect(others.mapValues(\.name) == section.others, "\(section.recipe.name)")
      }
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

  @Test(
    "Recipes are found in any capitals, and by llama.cpp's short names and numbers",
    arguments: [
      ("q4_k", "Q4_K_M"), ("Q3_k", "Q3_K_M"), ("Q5_K", "Q5_K_M"), ("bf16", "BF16"), ("0", "F32"),
      ("1", "F16"), ("7", "Q8_0"), ("15", "Q4_K_M"), ("38", "MXFP4_MOE"), ("41", "Q2_0"),
    ])
  func names(name: String, expected: String) {
    #expect(Recipe(named: name)?.name == expected)
  }

  @Test(
    "A name that is none suggests the nearest",
    arguments: [
      ("Q4KM", "Q4_K_M"), ("q4-k-m", "Q4_K_M"), ("FP16", "F16"), ("Q5_K_L", "Q5_K_S"),
      ("IQ2_XXXS", "IQ2_XXS"), ("NVFP", "NVFP4"), ("15x", nil), ("best", nil), ("", nil),
      ("4", nil), ("-1", nil), ("+15", nil), ("99999999999999999999", nil),
    ])
  func nearestName(name: String, expected: String?) {
    #expect(Recipe(named: name) == nil)
    #expect(Recipe.nearestName(to: name) == expected)
  }

  @Test("Names and numbers of recipes are told apart")
  func table() {
    #expect(Set(Recipe.table.map(\.name)).count == Recipe.table.count)
    #expect(Set(Recipe.table.map(\.fileType)).count == Recipe.table.count)
  }

  @Test("Absurd metadata are no trap", arguments: [Int64.max, Int64.min, -1, 0])
  func absurd(value: Int64) throws {
    let keys = ["block_count", "attention.head_count", "attention.head_count_kv", "expert_count"]
    let metadata = GGUFMetadata(keys.map { ("llama.\($0)", .int64(value)) })
    for recipe in Recipe.table {
      var chooser = TypeChooser(
        recipe, facts: ModelFacts(metadata, architecture: "llama"), names: [],
        options: ConversionOptions())
      for name in ["attn_v", "ffn_down", "ffn_up", "attn_output"] {
        let name = "blk.9223372036854775807.\(name).weight"
        #expect(chooser.choose(name, shape: try Shape([2, 256]), kept: .i32).type != .i32)
      }
    }
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
