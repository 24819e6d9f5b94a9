public import GGUF
public import Inference
public import Kernels

/// What a model must do at least for its tokens: bytes of weights to read, multiply-adds to make.
public struct ModelWork: Sendable, Hashable {
  /// Bytes of all matrices that one new token is multiplied with, the output's included.
  public let byteCountPerToken: Int
  /// Multiply-adds for each token of a prompt, by their arithmetic. The output matrix is not among
  /// them: only the last token of a prompt needs it.
  public let macsPerToken: [Arithmetic: Int]
  /// Multiply-adds with the output matrix, once a prompt.
  public let outputMacs: [Arithmetic: Int]

  public init(_ model: Model) { self.init(model.file, kernels: model.kernels) }

  /// - Parameter file: A decoder, whose tensors of two dimensions are matrices that every token is
  ///   multiplied with, and whose tensors of three are those of experts, of which every token is
  ///   multiplied with a few. The embeddings are only looked up, unless one is the output matrix too.
  public init(_ file: GGUFSet, kernels: Kernels) {
    let outputName = file.tensor("output.weight") == nil ? "token_embd.weight" : "output.weight"
    var byteCount = 0
    var layers: [Arithmetic: Int] = [:]
    var output: [Arithmetic: Int] = [:]
    for tensor in file.tensors {
      guard let share = Self.share(of: tensor, in: file.metadata),
        let arithmetic = kernels.arithmetic(of: tensor.type)
      else { continue }
      if tensor.name == outputName {
        output[arithmetic, default: 0] += tensor.shape.elementCount
      } else if !["token_embd.weight", "position_embd.weight"].contains(tensor.name) {
        layers[arithmetic, default: 0] += share(tensor.shape.elementCount)
      } else {
        continue
      }
      byteCount += share(tensor.byteCount)
    }
    byteCountPerToken = byteCount
    macsPerToken = layers
    outputMacs = output
  }

  /// The part of a tensor that one token is multiplied with; `nil` where that is none of it.
  private static func share(
    of tensor: GGUFTensor, in metadata: GGUFMetadata
  ) -> ((Int) -> Int)? {
    let extents = tensor.shape.dimensions
    switch extents.count {
    case 2 where !tensor.name.hasSuffix(".bias"): return { $0 }
    case 3:
      let architecture = metadata.string("general.architecture") ?? ""
      let used = metadata.integer("\(architecture).expert_used_count") ?? extents[0]
      let count = max(1, extents[0])
      return { $0 / count * min(max(used, 0), count) }
    default: return nil
    }
  }

  /// Multiply-adds of a prompt of `tokenCount` tokens.
  public func macs(promptOf tokenCount: Int) -> [Arithmetic: Double] {
    macsPerToken.mapValues { Double($0) * Double(tokenCount) }
      .merging(outputMacs.mapValues { Double($0) }, uniquingKeysWith: +)
  }

  /// The part of what `ceilings` allow that a prompt at this speed reaches: the seconds that its
  /// multiply-adds take at the peak of their arithmetic, over the seconds that it took.
  public func share(
    promptOf tokenCount: Int, tokensPerSecond: Double, of ceilings: Ceilings
  ) -> Double {
    let macs = macs(promptOf: tokenCount)
    let seconds =
      macs[.int8, default: 0] / ceilings.int8Macs + macs[.float, default: 0] / ceilings.floatMacs
    return seconds * tokensPerSecond / Double(tokenCount)
  }

  /// The part of the memory ceiling that generating at this speed reaches.
  ///
  /// It may exceed 1 where the caches hold much of the weights.
  public func share(generationAt tokensPerSecond: Double, of ceilings: Ceilings) -> Double {
    Double(byteCountPerToken) * tokensPerSecond / ceilings.memoryRead
  }
}
