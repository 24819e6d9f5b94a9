internal import CKernels
public import TensorCore

/// What the elements of a cache are.
///
/// The types with scales round keys and values to small integers, block by block of 32 dimensions. These
/// and BF16 hold keys without what neighbours share of the model's bias; a layer that keeps much of its bias
/// then is held in F16.
public enum CacheType: String, Sendable, Hashable, CaseIterable {
  case f16
  case bf16
  /// About half of F16. Adds 1.0e-4 to the mean divergence of Qwen2.5-Coder-0.5B Q4_K_M from the truth,
  /// 1.0e-4 to that of SmolLM2-135M Q4_1.
  case q8_0
  /// About a quarter of F16, and felt: it adds 0.034 and 0.049 to the same.
  case q4_0
  /// Twice F16: for weights whose precision F16 would limit.
  case f32

  public var tensorType: TensorType {
    switch self {
    case .f16: .f16
    case .bf16: .bf16
    case .q8_0: .q8_0
    case .q4_0: .q4_0
    case .f32: .f32
    }
  }

  var kernelType: quern_cache {
    switch self {
    case .f16: QUERN_CACHE_F16
    case .bf16: QUERN_CACHE_BF16
    case .q8_0: QUERN_CACHE_Q8_0
    case .q4_0: QUERN_CACHE_Q4_0
    case .f32: QUERN_CACHE_F32
    }
  }

  /// Whether numbers are fine enough for keys with their bias: of Qwen2.5-Coder-0.5B an F16 cache adds 3e-6
  /// to the mean divergence.
  var holdsWholeKeys: Bool { self == .f16 || self == .f32 }

  /// What a layer is held in whose keys keep some of their bias: F16 where steps would be too coarse for it.
  ///
  /// - Parameter rest: Its root mean square over the dimensions. Keys differ from each other by about 1. Of
  ///   the first layer of Qwen2.5-Coder-0.5B it is 7.9, of the others at most 1.3: a cache of Q8_0 adds 7.3e-4
  ///   to the mean divergence with that layer in Q8_0, and 1.0e-4 with it in F16.
  func holding(keysThatDifferBy rest: Double) -> CacheType {
    let mostOfTheRest = 2.0
    return (self == .q8_0 || self == .q4_0) && rest > mostOfTheRest ? .f16 : self
  }

  /// Bytes of the keys or the values of one position of one head; whole blocks.
  func rowByteCount(headDim: Int) -> Int { Int(quern_cache_row_bytes(kernelType, headDim)) }
}
