public import TensorCore

/// A named mixture of types: what `--type` takes.
///
/// The type of a tensor is the base type, unless one of the rules says otherwise; the first rule that
/// applies decides.
public struct Recipe: Sendable {
  /// llama.cpp's name of the mixture, `Q4_K_M`.
  public let name: String
  /// Value of `general.file_type`.
  public let fileType: UInt32
  /// The type that most matrices get.
  public let base: TensorType
  /// The type of the output matrix, and of an embedding that serves as one.
  let output: TensorType
  let rules: [Rule]
  /// Whether models of 8 experts and of 70 billion parameters get what the rules say, and no more.
  let isStrict: Bool

  init(
    _ name: String, _ fileType: UInt32, _ base: TensorType, output: TensorType = .q6_K,
    isStrict: Bool = false, _ rules: [Rule] = []
  ) {
    self.name = name
    self.fileType = fileType
    self.base = base
    self.output = base == .q8_0 ? .q8_0 : output
    self.isStrict = isStrict
    self.rules = rules
  }

  /// Whether the recipe quantizes, or only casts between plain floats.
  public var isQuantized: Bool { base.isQuantized }

  /// When a rule applies. All of a rule's conditions must hold.
  enum Condition: Sendable, Hashable {
    /// At least four query heads share a key and value head.
    case groupedQueries
    case eightExperts
    case fourExpertsOrMore
    /// The first and the last eighth of the layers and every third between.
    case moreBits
    /// The first layers, one in this many.
    case firstLayers(oneIn: Int)
    /// Neither the first nor the last eighth of the layers.
    case middleLayers
    /// Fewer than this many tensors of the role came before.
    case firstTensors(Int)
    /// One tensor of the role for every so many layers, the first ones. A layer may have several.
    case firstShare(oneIn: Int)
    case importance
    case noImportance
    case architecture(String)
    /// The tensor stacks several matrices, as those of experts are.
    case stacked

    static let falcon = Self.architecture("falcon")
  }

  struct Rule: Sendable {
    let role: TensorRole?
    let conditions: [Condition]
    let type: TensorType

    /// - Parameter role: `nil` for every role.
    init(_ role: TensorRole?, _ conditions: [Condition], _ type: TensorType) {
      self.role = role
      self.conditions = conditions
      self.type = type
    }

    init(_ role: TensorRole?, _ type: TensorType) { self.init(role, [], type) }
  }
}
