public import TensorCore

/// What lies where in one block of a type: fields in byte order, without gaps.
public struct BlockLayout: Sendable, Hashable {
  /// A run of bytes with one meaning.
  public struct Field: Sendable, Hashable {
    /// ggml's name of it: `d`, `qs`, `scales`.
    public let name: String
    public let byteCount: Int
    public let content: Content
  }

  public enum Content: Sendable, Hashable {
    /// An IEEE binary16 scale or minimum of the whole block.
    case half
    /// A binary32 scale.
    case float
    /// Scales of the block's parts.
    case scales
    /// Low bits of the elements' codes, or all of them.
    case codes
    /// High bits of the elements' codes, a plane of their own.
    case highBits
    /// Signs of the elements.
    case signs
    /// Sums over the codes, redundant.
    case sums
  }

  public let fields: [Field]

  public var byteCount: Int { fields.reduce(0) { $0 + $1.byteCount } }

  init(_ fields: (name: String, byteCount: Int, content: Content)...) {
    self.fields = fields.map {
      Field(name: $0.name, byteCount: $0.byteCount, content: $0.content)
    }
  }
}

extension TensorType {
  /// The layout of this type's blocks; `nil` for types that have none.
  public var blockLayout: BlockLayout? {
    switch self {
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .q8_0: .q8_0
    case .q8_1: .q8_1
    case .q2_K: .q2_K
    case .q3_K: .q3_K
    case .q4_K: .q4_K
    case .q5_K: .q5_K
    case .q6_K: .q6_K
    case .q8_K: .q8_K
    case .iq1_S: .iq1_S
    case .iq1_M: .iq1_M
    case .iq2_XXS: .iq2_XXS
    case .iq2_XS: .iq2_XS
    case .iq2_S: .iq2_S
    case .iq3_XXS: .iq3_XXS
    case .iq3_S: .iq3_S
    case .iq4_NL: .iq4_NL
    case .iq4_XS: .iq4_XS
    case .tq1_0: .tq1_0
    case .tq2_0: .tq2_0
    case .mxfp4: .mxfp4
    case .nvfp4: .nvfp4
    case .q1_0: .q1_0
    case .q2_0: .q2_0
    default: nil
    }
  }
}
