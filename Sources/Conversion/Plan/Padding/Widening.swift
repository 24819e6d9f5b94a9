import Checkpoints
import GGUF
import SystemPackage
import TensorCore

/// Makes a checkpoint's feed-forward networks wider where rows of theirs would not get the type that is
/// wanted for them.
struct Widening {
  private(set) var checkpoint: Checkpoint
  private(set) var widths: [RowPadding.Width] = []
  private let options: ConversionOptions
  private let path: FilePath
  private let keys: [FeedForwardNetwork.Kind: FeedForwardKey]?

  init(_ checkpoint: Checkpoint, _ options: ConversionOptions, _ path: FilePath) {
    self.checkpoint = checkpoint
    self.options = options
    self.path = path
    keys = FeedForwardKey.keys(of: checkpoint.architecture)
  }

  /// A width and the key that states it. Where a key lists one a layer, those that are equal stay equal:
  /// some engines read the first alone.
  private struct Statement: Hashable {
    let key: String
    let width: Int
    /// How often the key counts it.
    let multiplier: Int

    init?(_ key: String, stated: Int, multiplier: Int) {
      guard (multiplier...Widening.largestWidth).contains(stated), stated % multiplier == 0 else {
        return nil
      }
      self.key = key
      self.multiplier = multiplier
      width = stated / multiplier
    }

    var padded: Int {
      (width + RowPadding.multiple - 1) / RowPadding.multiple * RowPadding.multiple
    }
  }

  /// - Throws: ``ConversionError`` with `.cannotPad`, after which the checkpoint is of no use.
  mutating func widen() throws {
    let networks = FeedForwardNetwork.all(in: checkpoint.tensors)
    let narrow = narrow(of: networks)
    guard let first = narrow.first else { return }
    guard keys != nil else {
      throw failure(.architecture(checkpoint.architecture), first.down?.name)
    }
    let growing = Set(
      try narrow.map { network in
        guard let statement = try statement(of: network) else {
          throw failure(.noKey, network.down?.name)
        }
        return statement
      })
    var layers: [Statement: Set<Int>] = [:]
    for network in networks {
      guard let statement = try? statement(of: network), growing.contains(statement) else {
        continue
      }
      layers[statement, default: []].insert(network.layer)
      try widen(network, statement)
    }
    try checkOthers(in: layers.values.reduce(into: []) { $0.formUnion($1) })
    for statement in growing { try restate(statement) }
    widths = layers.map { statement, layers in
      RowPadding.Width(
        key: statement.key, from: statement.width, to: statement.padded, layerCount: layers.count)
    }.sorted { ($0.key, $0.from) < ($1.key, $1.from) }
  }

  /// The networks with rows that need it: those that would get a fallback, or, where nothing is quantized,
  /// all whose rows do not fill blocks, so that the same model can be had in plain floats to compare with.
  private func narrow(of networks: [FeedForwardNetwork]) -> [FeedForwardNetwork] {
    let candidates = networks.filter { network in
      network.down.map { $0.shape.columns % RowPadding.multiple != 0 } ?? false
    }
    guard let recipe = options.recipe, recipe.isQuantized, !candidates.isEmpty else {
      return candidates
    }
    let unfit = Set(
      checkpoint.typeChoices(recipe, options).lazy.filter { _, choice in
        // The scale of a Q1_0 block is the mean of all its values: zeros would spoil the others.
        choice.insteadOf != nil && choice.insteadOf != .q1_0
      }.map(\.tensor.name))
    return candidates.filter { network in network.down.map { unfit.contains($0.name) } ?? false }
  }

  private func failure(_ obstacle: PaddingObstacle, _ tensor: String? = nil) -> ConversionError {
    ConversionError(.cannotPad(obstacle), path: path, tensor: tensor)
  }

  /// Widths lie in metadata as numbers of 32 bits, and so do the widths of what grew.
  private static let largestWidth = Int(Int32.max) - RowPadding.multiple

  /// - Returns: `nil` when no key is known to state the width.
  private func statement(of network: FeedForwardNetwork) throws -> Statement? {
    guard let key = keys?[network.kind] else { return nil }
    let spelled = "\(checkpoint.architecture).\(key.rawValue)"
    let multiplier = FeedForwardKey.multiplier(of: checkpoint.architecture)
    let list = checkpoint.metadata.integers(spelled) ?? []
    let stated =
      checkpoint.metadata.integer(spelled)
      ?? (list.indices.contains(network.layer) ? list[network.layer] : nil)
    let statement = stated.flatMap { Statement(spelled, stated: $0, multiplier: multiplier) }
    guard let statement else { throw failure(.missingKey(spelled), network.down?.name) }
    return statement
  }

  private mutating func widen(_ network: FeedForwardNetwork, _ statement: Statement) throws {
    guard let down = network.down else {
      throw failure(.noDownProjection, network.members.first?.tensor.name)
    }
    let width = down.shape.columns
    guard width <= Self.largestWidth else { throw failure(.tooWide(width), down.name) }
    // Shared experts may be several times as wide as the one whose width is stated.
    let mayRepeat = network.kind == .sharedExpert && keys?[.sharedExpert] == .experts
    let times = mayRepeat ? max(1, width / statement.width) : 1
    guard width == statement.width * times else {
      throw failure(
        .otherWidth(key: statement.key, stated: statement.width, found: width), down.name)
    }
    for member in network.members {
      do {
        guard
          let padding = try network.padding(
            of: member, from: width, to: statement.padded * times)
        else { continue }
        checkpoint.tensors[member.index].shape = padding.shape
        checkpoint.tensors[member.index].source.padding = padding
      } catch let obstacle as PaddingObstacle {
        throw failure(obstacle, member.tensor.name)
      }
    }
  }

  /// Refuses feed-forward tensors of these layers that nobody knows to be independent of the width.
  private func checkOthers(in layers: Set<Int>) throws {
    for tensor in checkpoint.tensors where tensor.source.padding == nil {
      guard let layer = TypeChooser.layer(of: tensor.name), layers.contains(layer) else { continue }
      let words = tensor.name.split(separator: ".", omittingEmptySubsequences: false)
      guard words.count > 2, words[2].hasPrefix("ffn"), !isIndependent(words, tensor.shape),
        FeedForwardName(tensor.name) == nil
      else { continue }
      throw failure(.unknownTensor, tensor.name)
    }
  }

  private static let independent: Set<Substring> = [
    "ffn_norm", "ffn_norm_1", "ffn_norm_2", "ffn_norm_exps", "ffn_post_norm", "ffn_post_norm_1",
    "ffn_post_norm_2", "ffn_pre_norm_2", "ffn_gate_inp", "ffn_gate_inp_shexp",
  ]

  /// Norms and routers, and one scale a matrix.
  private func isIndependent(_ words: [Substring], _ shape: Shape) -> Bool {
    if Self.independent.contains(words[2]) { return true }
    let experts = max(
      1, checkpoint.metadata.integer("\(checkpoint.architecture).expert_count") ?? 1)
    return words.count == 4 && ["scale", "input_scale"].contains(words[3])
      && shape.elementCount <= experts
  }

  private mutating func restate(_ statement: Statement) throws {
    let changed = checkpoint.metadata[statement.key]?.replacing(
      statement.multiplier * statement.width, by: statement.multiplier * statement.padded)
    guard let changed else { throw failure(.tooWide(statement.padded)) }
    checkpoint.metadata[statement.key] = changed
  }
}

extension GGUFValue {
  /// Another number of 32 bits, or a list in which it stands wherever the old one did.
  ///
  /// - Returns: `nil` when a number does not fit.
  fileprivate func replacing(_ old: Int, by new: Int) -> GGUFValue? {
    guard case .array(let array) = self else { return UInt32(exactly: new).map(GGUFValue.uint32) }
    guard let list = array.integers?.map({ $0 == old ? new : $0 }) else { return nil }
    if case .uint32 = array {
      let numbers = list.compactMap(UInt32.init(exactly:))
      return numbers.count == list.count ? .array(.uint32(numbers)) : nil
    }
    let numbers = list.compactMap(Int32.init(exactly:))
    return numbers.count == list.count ? .array(.int32(numbers)) : nil
  }
}
