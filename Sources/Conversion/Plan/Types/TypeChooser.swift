package import TensorCore

/// Gives each tensor of a model its type, as llama.cpp's quantizer would.
///
/// Some rules count the tensors of a role that came before, so tensors are offered in llama.cpp's
/// order: by layer, then by name. See ``offeringOrder(_:)``.
package struct TypeChooser {
  private let recipe: Recipe
  private let facts: ModelFacts
  private let options: ConversionOptions
  private let isTied: Bool
  private let valueCount: Int
  private var seen: [TensorRole: Int] = [:]

  /// - Parameters:
  ///   - names: The names of all tensors of the model.
  ///   - options: What is asked for beside the recipe.
  package init(
    _ recipe: Recipe, facts: ModelFacts, names: [String], options: ConversionOptions
  ) {
    self.recipe = recipe
    self.facts = facts
    self.options = options
    let roles = names.map(TensorRole.init(of:))
    isTied = !roles.contains(.output)
    valueCount = roles.count { $0 == .attentionValue }
  }

  /// Names sorted as tensors must be offered: those outside layers first, then layer by layer.
  package static func offeringOrder(_ names: [String]) -> [String] {
    names.sorted { left, right in
      let (first, second) = (layer(of: left) ?? -1, layer(of: right) ?? -1)
      guard first == second else { return first < second }
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }

  /// What became of a tensor.
  package struct Choice: Equatable {
    package var type: TensorType
    /// The type that the recipe wanted, when rows of this width cannot have it.
    package var insteadOf: TensorType?
  }

  /// The type of the next tensor.
  ///
  /// - Parameter kept: Its type when it is not to be quantized.
  package mutating func choose(_ name: String, shape: Shape, kept: TensorType) -> Choice {
    guard Self.mayQuantize(name, shape: shape, architecture: facts.architecture),
      !options.excluded.contains(where: { $0.finds(name) })
    else { return Choice(type: kept) }
    guard let wanted = wanted(name, shape: shape) else { return Choice(type: recipe.base) }
    let fitting = Self.fitting(wanted, columns: shape.columns)
    return Choice(type: fitting, insteadOf: fitting == wanted ? nil : wanted)
  }

  /// The type asked for, whether or not rows of this width can have it; `nil` for a plain cast.
  ///
  /// The types of embedding and output go before the patterns, the first pattern that finds the name
  /// goes before a pure recipe, and neither patterns nor purity mean anything to a cast. Only the
  /// embedding of single layers, a table of its own, may be named by a pattern all the same.
  ///
  /// - Source: `llama_tensor_get_type` in llama.cpp's src/llama-quant.cpp.
  private mutating func wanted(_ name: String, shape: Shape) -> TensorType? {
    let override = options.typeOverrides.first { $0.pattern.finds(name) }?.type
    let isNamed = override != nil && name == "per_layer_token_embd.weight"
    switch TensorRole(of: name) {
    case .tokenEmbedding where options.embeddingType != nil && !isNamed:
      return options.embeddingType
    case .output where options.outputType != nil: return options.outputType
    default: break
    }
    guard recipe.isQuantized else { return nil }
    if let override { return override }
    return options.isPure ? recipe.base : mixture(name, shape: shape)
  }

  private mutating func mixture(_ name: String, shape: Shape) -> TensorType {
    if Self.wantsEightBits(name, architecture: facts.architecture) { return .q8_0 }
    let role = TensorRole(of: name)
    if role == .output || (role == .tokenEmbedding && isTied) {
      if let outputType = options.outputType { return outputType }
      let fits = shape.columns % recipe.base.elementsPerBlock == 0
      return facts.architecture == "falcon" || !fits ? .q8_0 : recipe.output
    }
    let position = seen[role, default: 0]
    seen[role] = position + 1
    // Experts lie scattered among the layers, so their layer is read from the name.
    let layer = facts.expertCount > 1 ? Self.layer(of: name) ?? position : position
    let rule = recipe.rules.first { rule in
      (rule.role ?? role) == role
        && rule.conditions.allSatisfy { holds($0, role, position, layer, shape) }
    }
    return amended(rule?.type ?? recipe.base, role)
  }

  /// What holds for every mixture that is not strict.
  private func amended(_ type: TensorType, _ role: TensorRole) -> TensorType {
    guard !recipe.isStrict else { return type }
    switch role {
    case .attentionValue where facts.expertCount == 8: return .q8_0
    case .attentionValue where facts.isSeventyBillion && (type == .q3_K || type == .q4_K):
      return .q5_K
    case .attentionKey where facts.expertCount == 8: return .q8_0
    default: return type
    }
  }

  private func holds(
    _ condition: Recipe.Condition, _ role: TensorRole, _ position: Int, _ layer: Int, _ shape: Shape
  ) -> Bool {
    let (index, count) =
      role == .attentionValue ? (position, valueCount) : (layer, facts.layerCount)
    return switch condition {
    case .groupedQueries: facts.groupedQueries >= 4
    case .eightExperts: facts.expertCount == 8
    case .fourExpertsOrMore: facts.expertCount >= 4
    case .moreBits:
      index < count / 8 || index >= 7 * count / 8 || (index - count / 8) % 3 == 2
    case .firstLayers(let share): index < count / share
    case .middleLayers: index >= count / 8 && index < 7 * count / 8
    case .firstTensors(let few): position < few
    case .firstShare(let share): position < facts.layerCount / share
    case .importance: options.importance != nil
    case .noImportance: options.importance == nil
    case .architecture(let name): facts.architecture == name
    case .stacked: shape.matrixCount > 1
    }
  }

  /// The number in `blk.12.`, wherever it stands at the start of a name.
  static func layer(of name: String) -> Int? {
    guard name.hasPrefix("blk.") else { return nil }
    let digits = name.dropFirst(4).prefix { $0.isASCII && $0.isNumber }
    return name.dropFirst(4 + digits.count).first == "." ? Int(digits) : nil
  }
}
