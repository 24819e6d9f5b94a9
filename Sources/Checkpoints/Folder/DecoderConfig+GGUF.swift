import GGUF
import SystemPackage
import TensorCore

extension DecoderConfig {
  /// What the metadata and tensors of a GGUF say.
  ///
  /// - Throws: ``CheckpointError`` for a key that is missing, means nothing or has no counterpart in
  ///   `config.json`.
  init(_ checkpoint: Checkpoint, architecture: Architecture, path: FilePath?) throws {
    let keys = MetadataReader(checkpoint.metadata, prefix: architecture.name, path: path)
    func tensor(_ name: String) -> CheckpointTensor? {
      checkpoint.tensors.first { $0.name == name }
    }
    for key in ["expert_count", "expert_used_count"] where !architecture.isMixture {
      if let count = try keys.integer(key, in: 0...Int.max), count > 0 {
        throw CheckpointError(.unsupported(key: key, value: "\(count)"), path: path)
      }
    }
    layerCount = try keys.required("block_count", in: Limit.layers)
    width = try keys.required("embedding_length", in: Limit.extent)
    feedForwardWidth = try keys.required("feed_forward_length", in: Limit.extent)
    if architecture.keys.contains(where: \.isExpertWidth) {
      let expert = try keys.integer("expert_feed_forward_length", in: Limit.extent)
      feedForwardWidth = expert ?? feedForwardWidth
    }
    headCount = try keys.required("attention.head_count", in: Limit.heads)
    kvHeadCount = try keys.integer("attention.head_count_kv", in: 1...headCount) ?? headCount
    guard headCount % kvHeadCount == 0 else {
      throw keys.bad("attention.head_count_kv", "a divisor of the head count", "\(kvHeadCount)")
    }
    let stated = try keys.integer("attention.key_length", in: Limit.extent)
    guard stated != nil || width % headCount == 0 else {
      throw keys.bad("attention.head_count", "a divisor of the width", "\(headCount)")
    }
    headDim = stated ?? width / headCount
    guard headDim % 2 == 0 else {
      throw keys.bad("attention.key_length", "an even number", "\(headDim)")
    }
    statesHeadDim = stated != nil
    if let other = try keys.integer("attention.value_length", in: Limit.extent), other != headDim {
      throw keys.bad("attention.value_length", "\(headDim), the size of a head", "\(other)")
    }
    rotaryDim = try keys.integer("rope.dimension_count", in: 2...headDim) ?? headDim
    guard rotaryDim % 2 == 0 else {
      throw keys.bad("rope.dimension_count", "an even number", "\(rotaryDim)")
    }
    guard rotaryDim == headDim || architecture.rotatesParts else {
      throw keys.bad("rope.dimension_count", "\(headDim), the size of a head", "\(rotaryDim)")
    }
    guard let embedding = tensor("token_embd.weight") else {
      throw CheckpointError(.missingTensor("token_embd.weight"), path: path)
    }
    vocabularyCount = embedding.shape.dimensions.first ?? 0
    guard vocabularyCount > 0 else {
      throw CheckpointError(.missingTensor("token_embd.weight"), path: path)
    }
    contextLength = try keys.required("context_length", in: 1...Int(UInt32.max))
    normEpsilon =
      try keys.number(architecture.names.normEpsilonKey)
      ?? architecture.names.otherNormEpsilonKey.flatMap { try keys.number($0) } ?? 1e-6
    tiesEmbeddings = tensor("output.weight") == nil
    rotaryBase = try keys.number("rope.freq_base") ?? 10_000
    localRotaryBase = try architecture.defaults.localRotaryBase.map {
      try keys.number("rope.freq_base_swa") ?? $0
    }
    rotaryScaling = try Self.scaling(keys, contextLength: contextLength, architecture)
    if let divisors = tensor("rope_freqs.weight") {
      rotaryScaling = try divisors.rotaryScaling(base: rotaryBase, headDim: headDim, path: path)
    }
    let longRope = try RotaryScaling.LongRope(
      keys, tensor, rotaryDim: rotaryDim, contextLength: contextLength)
    if let longRope { rotaryScaling = .longRope(longRope) }
    for scalar in architecture.scalars {
      let value =
        switch scalar.kind {
        case .integer: try keys.integer(scalar.gguf, in: scalar.range).map(Double.init)
        case .number: try keys.number(scalar.gguf)
        case .flag: keys.flag(scalar.gguf).map { $0 ? 1.0 : 0.0 }
        }
      guard value != nil || !scalar.mustBeStated else {
        throw keys.bad(scalar.gguf, "a number", "nothing")
      }
      if let value = value ?? scalar.usual?(self) ?? scalar.fallback {
        scalars[scalar.gguf] = value
      }
    }
    // Some files of StableLM say that they are parallel and are not: their norms tell.
    if let place = scalars.index(forKey: "use_parallel_residual") {
      scalars.values[place] = tensor("blk.0.ffn_norm.weight") == nil ? 1 : 0
    }
  }

  private static func scaling(
    _ keys: MetadataReader, contextLength: Int, _ architecture: Architecture
  ) throws -> RotaryScaling {
    let type = keys.string("rope.scaling.type") ?? "none"
    switch type {
    case "none", "longrope": return .none
    case "linear":
      guard let factor = try keys.number("rope.scaling.factor") else {
        throw keys.bad("rope.scaling.factor", "a number", "nothing")
      }
      return .linear(factor: factor)
    case "yarn":
      guard let factor = try keys.number("rope.scaling.factor") else {
        throw keys.bad("rope.scaling.factor", "a number", "nothing")
      }
      return .yarn(
        RotaryScaling.Yarn(
          factor: factor,
          originalContextLength: try keys.integer(
            "rope.scaling.original_context_length", in: 1...Int(UInt32.max)) ?? contextLength,
          extrapolationFactor: try keys.number("rope.scaling.yarn_ext_factor"),
          attentionFactor: try keys.number("rope.scaling.yarn_attn_factor"),
          betaFast: try keys.number("rope.scaling.yarn_beta_fast"),
          betaSlow: try keys.number("rope.scaling.yarn_beta_slow"),
          roundsRamp: keys.flag("rope.scaling.yarn_truncate").flatMap {
            $0 == architecture.roundsRamp ? nil : $0
          }))
    default:
      throw CheckpointError(.unsupported(key: "rope.scaling.type", value: type), path: keys.path)
    }
  }
}

extension CheckpointTensor {
  /// The scaling whose divisors this tensor holds.
  fileprivate func rotaryScaling(
    base: Double, headDim: Int, path: FilePath?
  ) throws -> RotaryScaling {
    guard type == .f32, shape.dimensions == [headDim / 2] else {
      throw CheckpointError(
        .wrongShape(tensor: name, expected: try Shape([headDim / 2]), found: shape), path: path)
    }
    let divisors = vector
    if divisors.allSatisfy({ $0 == 1 }) { return .none }
    guard let scaling = RotaryScaling.Llama3(divisors: divisors, base: base, headDim: headDim)
    else {
      throw CheckpointError(
        .unsupported(key: name, value: "a scaling other than llama3's"), path: path)
    }
    return .llama3(scaling)
  }

  /// The values of a small F32 tensor, as far as they are stored.
  var vector: [Float] {
    let count = (source.padding?.storedShape ?? shape).elementCount
    if case .values(let values) = source.content { return values }
    let parts = source.content.fileParts
    return parts.flatMap { part in
      part.file.withBytes { bytes in
        (0..<count / parts.count).map { place in
          let place = source.turn?.index(of: place) ?? place
          let bits = bytes.loadUnaligned(fromByteOffset: part.offset + 4 * place, as: UInt32.self)
          return Float(
            bitPattern: source.byteOrder == .big
              ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits))
        }
      }
    }
  }
}

/// Typed access to the keys of one architecture.
struct MetadataReader {
  private let metadata: GGUFMetadata
  private let prefix: String
  let path: FilePath?

  init(_ metadata: GGUFMetadata, prefix: String, path: FilePath?) {
    self.metadata = metadata
    self.prefix = prefix
    self.path = path
  }

  private func spelled(_ key: String) -> String { "\(prefix).\(key)" }

  func string(_ key: String) -> String? { metadata.string(spelled(key)) }

  func flag(_ key: String) -> Bool? { metadata.bool(spelled(key)) }

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard metadata[spelled(key)] != nil else { return nil }
    guard let value = metadata.integer(spelled(key)), range.contains(value) else {
      throw bad(
        key, "a whole number from \(range.lowerBound) to \(range.upperBound)",
        metadata.integer(spelled(key)).map { "\($0)" } ?? "something else")
    }
    return value
  }

  func required(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let value = try integer(key, in: range) else {
      throw bad(key, "a whole number", "nothing")
    }
    return value
  }

  /// A finite number above zero.
  func number(_ key: String) throws -> Double? {
    guard metadata[spelled(key)] != nil else { return nil }
    guard let value = metadata.float(spelled(key)), value.isFinite, value >= 0 else {
      throw bad(key, "a number", metadata.float(spelled(key)).map { "\($0)" } ?? "something else")
    }
    return value
  }

  func bad(_ key: String, _ expected: String, _ found: String) -> CheckpointError {
    CheckpointError(.badKey(spelled(key), expected: expected, found: found), path: path)
  }
}
