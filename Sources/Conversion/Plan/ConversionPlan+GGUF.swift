import BlockQuant
import Checkpoints
import GGUF
import Integrity
import SystemPackage
import TensorCore

extension ConversionPlan {
  /// Plans a GGUF: one file, or a set when the options limit what a file may hold and it holds more.
  ///
  /// - Parameter destination: `NAME.gguf`, also for a set.
  init(
    gguf destination: FilePath, from checkpoint: Checkpoint, at source: FilePath,
    options: ConversionOptions
  ) throws {
    var warnings = checkpoint.warnings
    let tensors = try Self.choose(checkpoint, options, source, &warnings)
    if let importance = options.importance {
      warnings += try importance.warnings(
        forQuantizing: tensors.filter {
          $0.type != $0.tensor.type && BlockCodec($0.type)?.usesImportance == true
        }.map(\.tensor.name))
    }
    warnings += options.patterns.filter { pattern in
      !tensors.contains { pattern.finds($0.tensor.name) }
    }.map { "no tensor has a name in which '\($0.source.printable)' is found" }
    let refusal = Self.missingImportance(tensors, options, source)
    if let refusal { warnings.append("to write it: \(refusal)") }
    let metadata = Self.metadata(of: checkpoint, options, tensors)
    let layouts = try GGUFLayout.parts(
      metadata: metadata,
      tensors: try tensors.map {
        ($0.tensor.name, $0.type, try options.stored($0.tensor.shape))
      },
      limits: options.partLimits, byteOrder: options.byteOrder, completing: options.completed)
    let names = Self.partNames(layouts.count, of: destination)
    warnings += Self.neighbours(of: destination, names, checkpoint, options)
    var left = tensors[...]
    let files = try zip(names.isEmpty ? [""] : names, layouts).map { name, layout in
      let own = left.prefix(layout.tensors.count)
      left = left.dropFirst(own.count)
      let planned = try Self.plan(own, layout, options)
      return PlannedFile(
        name: name, header: layout.header, tensors: planned, byteCount: layout.byteCount,
        chunks: options.chunks(of: planned))
    }
    self.init(
      source: source, destination: destination, form: names.isEmpty ? .file : .set(names),
      files: files, warnings: warnings, refusal: refusal, options: options)
  }

  private static func plan(
    _ tensors: some Sequence<Chosen>, _ layout: GGUFLayout, _ options: ConversionOptions
  ) throws -> [PlannedTensor] {
    try zip(tensors, layout.tensors).map { chosen, place in
      PlannedTensor(
        name: place.name, sourceType: chosen.tensor.type, type: place.type, shape: place.shape,
        offset: place.offset, byteCount: place.byteCount, source: chosen.tensor.source,
        byteOrder: options.byteOrder,
        importance: try options.importance?.weights(
          of: chosen.tensor, changing: chosen.tensor.type, to: place.type))
    }
  }

  /// The checkpoint's metadata with what says how it is quantized: last where llama.cpp's quantizer moves it,
  /// in its place after a cast. A copy of a GGUF keeps its own.
  private static func metadata(
    of checkpoint: Checkpoint, _ options: ConversionOptions, _ tensors: [Chosen]
  ) -> GGUFMetadata {
    let recipe = options.recipe
    var metadata = checkpoint.metadata.withoutSeal
    let fileType = metadata["general.file_type"]
    guard recipe != nil || (fileType == nil && checkpoint.origin != .gguf) else { return metadata }
    if recipe?.isQuantized ?? false {
      for key in ["general.quantization_version", "general.file_type"] { metadata[key] = nil }
    }
    metadata["general.quantization_version"] = .uint32(2)
    metadata["general.file_type"] = .uint32(recipe?.fileType ?? Self.fileType(of: tensors))
    if recipe != nil { options.importance?.describe(in: &metadata) }
    return metadata
  }

  private typealias Chosen = (tensor: CheckpointTensor, type: TensorType)

  /// Gives every tensor its type and proves that each can be made.
  private static func choose(
    _ checkpoint: Checkpoint, _ options: ConversionOptions, _ source: FilePath,
    _ warnings: inout [String]
  ) throws -> [Chosen] {
    guard let recipe = options.recipe else {
      return checkpoint.tensors.map { ($0, checkpoint.keptType(of: $0)) }
    }
    if recipe.isQuantized { try checkpoint.requireArchitecture() }
    var fallbacks: [Fallback: [String]] = [:]
    let chosen: [Chosen] = try checkpoint.typeChoices(recipe, options).map { tensor, choice in
      if let wanted = choice.insteadOf {
        let fallback = Fallback(
          wanted: wanted, type: choice.type, columns: tensor.shape.columns)
        fallbacks[fallback, default: []].append(tensor.name)
      }
      try check(tensor, choice.type, options, source)
      return (tensor, choice.type)
    }
    warnings += fallbacks.sorted { $0.value.count > $1.value.count }
      .map { fallback, names in fallback.warning(for: names) }
    // A quantized file has llama.cpp's order of tensors, a cast keeps the source's.
    guard !recipe.isQuantized else { return chosen }
    let types = Dictionary(
      chosen.map { ($0.tensor.name, $0.type) }, uniquingKeysWith: { first, _ in first })
    return checkpoint.tensors.map { ($0, types[$0.name] ?? $0.type) }
  }

  private static func check(
    _ tensor: CheckpointTensor, _ type: TensorType, _ options: ConversionOptions,
    _ source: FilePath
  ) throws {
    guard type != tensor.type else { return }
    func failure(_ reason: ConversionError.Reason) -> ConversionError {
      ConversionError(reason, path: source, tensor: tensor.name)
    }
    guard BlockCodec(tensor.type) != nil else { throw failure(.cannotDecode(tensor.type)) }
    guard BlockCodec(type)?.canEncode == true else { throw failure(.cannotEncode(type)) }
    if tensor.type.isQuantized, type.isQuantized, !options.allowRequantize {
      throw failure(.alreadyQuantized(tensor.type))
    }
  }

  /// The first tensor whose new type is useless without importance that nobody gave.
  private static func missingImportance(
    _ tensors: [Chosen], _ options: ConversionOptions, _ source: FilePath
  ) -> ConversionError? {
    guard let recipe = options.recipe else { return nil }
    let found = tensors.first { tensor, type in
      guard type != tensor.type else { return false }
      let isNeeded =
        recipe.needsImportance(for: type, tensor: tensor.name)
        || BlockCodec(type)?.requiresImportance == true
      return isNeeded && !options.mayHaveWeights(of: tensor, for: type)
    }
    return found.map { tensor, type in
      let matrix = options.importance?.path.string
      return ConversionError(
        matrix.map { .notInMatrix(type, matrix: $0) } ?? .needsImportance(type), path: source,
        tensor: tensor.name)
    }
  }

  /// llama.cpp's number of the type that most elements have.
  private static func fileType(of tensors: [Chosen]) -> UInt32 {
    var elements: [TensorType: Int] = [:]
    for (tensor, type) in tensors { elements[type, default: 0] += tensor.shape.elementCount }
    let most = elements.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    return Recipe.table.first { $0.base == most }?.fileType ?? 0
  }
}

extension ConversionOptions {
  /// Whether the importance matrix has weights of a tensor; an entry of another shape is refused elsewhere.
  fileprivate func mayHaveWeights(of tensor: CheckpointTensor, for type: TensorType) -> Bool {
    do {
      return try importance?.weights(of: tensor, changing: tensor.type, to: type) != nil
    } catch {
      return true
    }
  }
}

/// A type that rows of some width cannot have, and what they get.
private struct Fallback: Hashable {
  let wanted: TensorType
  let type: TensorType
  let columns: Int

  func warning(for names: [String]) -> String {
    let first = names.first?.printable ?? ""
    let which = names.count == 1 ? first : "\(names.count) tensors (\(first), …)"
    return "\(which): rows of \(columns) do not fill \(wanted) blocks, \(type) instead"
  }
}

extension Checkpoint {
  /// The type of every tensor in the order in which types are chosen.
  func typeChoices(
    _ recipe: Recipe, _ options: ConversionOptions
  ) -> [(tensor: CheckpointTensor, choice: TypeChooser.Choice)] {
    let byName = Dictionary(
      tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = TypeChooser.offeringOrder(tensors.map(\.name))
    var chooser = TypeChooser(
      recipe, facts: ModelFacts(metadata, architecture: architecture), names: names,
      options: options)
    return names.compactMap { name in
      guard let tensor = byName[name] else { return nil }
      return (tensor, chooser.choose(name, shape: tensor.shape, kept: keptType(of: tensor)))
    }
  }

  /// The type that a GGUF keeps a tensor in when it is not quantized: its own, but single precision for
  /// vectors, norms and the small matrices that engines want whole, when it comes from elsewhere.
  ///
  /// - Source: `prepare_tensors` of llama.cpp's converter.
  fileprivate func keptType(of tensor: CheckpointTensor) -> TensorType {
    guard origin == .huggingFace, tensor.type.isPlainFloat,
      !TypeChooser.mayQuantize(tensor.name, shape: tensor.shape, architecture: architecture)
    else { return tensor.type }
    return .f32
  }
}

extension Recipe {
  /// Whether values of this type are useless without knowing what each column weighs.
  ///
  /// - Source: `tensor_requires_imatrix` in llama.cpp's src/llama-quant.cpp.
  func needsImportance(for type: TensorType, tensor: String) -> Bool {
    switch TensorRole(of: tensor) {
    case .output, .tokenEmbedding: return false
    default: break
    }
    switch type {
    case .iq3_XXS, .iq2_XXS, .iq2_XS, .iq2_S, .iq1_M, .iq1_S: return true
    case .q2_K: return name == "Q2_K_S"
    default: return false
    }
  }
}
