/// The encoding of one tensor's elements: a ggml type, a safetensors dtype, or both.
///
/// Every fact about a type stands in its row of ``TensorType/table``; sizes, names and wire ids
/// everywhere else derive from that row.
public enum TensorType: UInt8, Sendable, Hashable, CaseIterable {
  case f32, f16, bf16, f64
  case i8, i16, i32, i64
  case u8, u16, u32, u64
  case bool, c64
  case f8E4M3, f8E5M2, f8E8M0, f8E4M3FNUZ, f8E5M2FNUZ
  case f6E2M3, f6E3M2, f4
  case q4_0, q4_1, q5_0, q5_1, q8_0, q8_1
  case q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq1_S, iq1_M, iq2_XXS, iq2_XS, iq2_S, iq3_XXS, iq3_S, iq4_NL, iq4_XS
  case tq1_0, tq2_0, mxfp4, nvfp4, q1_0, q2_0
}

extension TensorType {
  /// One row of the table of types.
  public struct Row: Sendable {
    public let type: TensorType
    /// Spelling for people, scripts and `--type`; ggml's own, in capitals, or safetensors'.
    public let name: String
    /// Wire id in GGUF tensor infos, when ggml knows the type.
    public let ggmlID: UInt32?
    /// Spelling in safetensors headers, when safetensors knows the type.
    public let safetensorsName: String?
    /// Elements that share one block; 1 for plain types.
    public let elementsPerBlock: Int
    /// Bytes of one encoded block.
    public let bytesPerBlock: Int
  }

  /// Every type, in the order of the cases.
  ///
  /// - Source: `enum ggml_type` and the block structs of ggml-common.h as shipped with
  ///   llama-cpp-python 0.3.36; `Dtype` of safetensors 0.8.
  public static let table: [Row] = [
    plain(.f32, "F32", 4, ggml: 0, safetensors: "F32"),
    plain(.f16, "F16", 2, ggml: 1, safetensors: "F16"),
    plain(.bf16, "BF16", 2, ggml: 30, safetensors: "BF16"),
    plain(.f64, "F64", 8, ggml: 28, safetensors: "F64"),
    plain(.i8, "I8", 1, ggml: 24, safetensors: "I8"),
    plain(.i16, "I16", 2, ggml: 25, safetensors: "I16"),
    plain(.i32, "I32", 4, ggml: 26, safetensors: "I32"),
    plain(.i64, "I64", 8, ggml: 27, safetensors: "I64"),
    plain(.u8, "U8", 1, safetensors: "U8"),
    plain(.u16, "U16", 2, safetensors: "U16"),
    plain(.u32, "U32", 4, safetensors: "U32"),
    plain(.u64, "U64", 8, safetensors: "U64"),
    plain(.bool, "BOOL", 1, safetensors: "BOOL"),
    plain(.c64, "C64", 8, safetensors: "C64"),
    plain(.f8E4M3, "F8_E4M3", 1, safetensors: "F8_E4M3"),
    plain(.f8E5M2, "F8_E5M2", 1, safetensors: "F8_E5M2"),
    plain(.f8E8M0, "F8_E8M0", 1, safetensors: "F8_E8M0"),
    plain(.f8E4M3FNUZ, "F8_E4M3FNUZ", 1, safetensors: "F8_E4M3FNUZ"),
    plain(.f8E5M2FNUZ, "F8_E5M2FNUZ", 1, safetensors: "F8_E5M2FNUZ"),
    packed(.f6E2M3, "F6_E2M3", elements: 4, bytes: 3),
    packed(.f6E3M2, "F6_E3M2", elements: 4, bytes: 3),
    packed(.f4, "F4", elements: 2, bytes: 1),
    block(.q4_0, "Q4_0", 2, elements: 32, bytes: 2 + 16),
    block(.q4_1, "Q4_1", 3, elements: 32, bytes: 2 + 2 + 16),
    block(.q5_0, "Q5_0", 6, elements: 32, bytes: 2 + 4 + 16),
    block(.q5_1, "Q5_1", 7, elements: 32, bytes: 2 + 2 + 4 + 16),
    block(.q8_0, "Q8_0", 8, elements: 32, bytes: 2 + 32),
    block(.q8_1, "Q8_1", 9, elements: 32, bytes: 2 + 2 + 32),
    block(.q2_K, "Q2_K", 10, elements: 256, bytes: 16 + 64 + 2 + 2),
    block(.q3_K, "Q3_K", 11, elements: 256, bytes: 32 + 64 + 12 + 2),
    block(.q4_K, "Q4_K", 12, elements: 256, bytes: 2 + 2 + 12 + 128),
    block(.q5_K, "Q5_K", 13, elements: 256, bytes: 2 + 2 + 12 + 32 + 128),
    block(.q6_K, "Q6_K", 14, elements: 256, bytes: 128 + 64 + 16 + 2),
    block(.q8_K, "Q8_K", 15, elements: 256, bytes: 4 + 256 + 32),
    block(.iq1_S, "IQ1_S", 19, elements: 256, bytes: 2 + 32 + 16),
    block(.iq1_M, "IQ1_M", 29, elements: 256, bytes: 32 + 16 + 8),
    block(.iq2_XXS, "IQ2_XXS", 16, elements: 256, bytes: 2 + 64),
    block(.iq2_XS, "IQ2_XS", 17, elements: 256, bytes: 2 + 64 + 8),
    block(.iq2_S, "IQ2_S", 22, elements: 256, bytes: 2 + 64 + 8 + 8),
    block(.iq3_XXS, "IQ3_XXS", 18, elements: 256, bytes: 2 + 96),
    block(.iq3_S, "IQ3_S", 21, elements: 256, bytes: 2 + 64 + 8 + 32 + 4),
    block(.iq4_NL, "IQ4_NL", 20, elements: 32, bytes: 2 + 16),
    block(.iq4_XS, "IQ4_XS", 23, elements: 256, bytes: 2 + 2 + 4 + 128),
    block(.tq1_0, "TQ1_0", 34, elements: 256, bytes: 48 + 4 + 2),
    block(.tq2_0, "TQ2_0", 35, elements: 256, bytes: 64 + 2),
    block(.mxfp4, "MXFP4", 39, elements: 32, bytes: 1 + 16),
    block(.nvfp4, "NVFP4", 40, elements: 64, bytes: 4 + 32),
    block(.q1_0, "Q1_0", 41, elements: 128, bytes: 2 + 16),
    block(.q2_0, "Q2_0", 42, elements: 64, bytes: 2 + 16),
  ]

  /// ggml ids that once had a meaning, with what they meant. Readers refuse them by name.
  public static let retiredGGMLTypes: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3",
    31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8",
    36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
  ]

  private static func plain(
    _ type: Self, _ name: String, _ bytes: Int, ggml: UInt32? = nil, safetensors: String?
  ) -> Row {
    Row(
      type: type, name: name, ggmlID: ggml, safetensorsName: safetensors,
      elementsPerBlock: 1, bytesPerBlock: bytes)
  }

  /// A safetensors dtype narrower than a byte.
  private static func packed(_ type: Self, _ name: String, elements: Int, bytes: Int) -> Row {
    Row(
      type: type, name: name, ggmlID: nil, safetensorsName: name,
      elementsPerBlock: elements, bytesPerBlock: bytes)
  }

  /// A ggml block type; `bytes` is written as the sum of the block's parts.
  private static func block(
    _ type: Self, _ name: String, _ id: UInt32, elements: Int, bytes: Int
  ) -> Row {
    Row(
      type: type, name: name, ggmlID: id, safetensorsName: nil,
      elementsPerBlock: elements, bytesPerBlock: bytes)
  }
}

extension TensorType {
  public var row: Row { Self.table[Int(rawValue)] }
  public var name: String { row.name }
  public var ggmlID: UInt32? { row.ggmlID }
  public var safetensorsName: String? { row.safetensorsName }
  public var elementsPerBlock: Int { row.elementsPerBlock }
  public var bytesPerBlock: Int { row.bytesPerBlock }

  /// Whether elements share scales in ggml blocks.
  public var isQuantized: Bool { ggmlID != nil && elementsPerBlock > 1 }

  /// Whether every element stands alone as an IEEE-like float that ggml also knows.
  public var isPlainFloat: Bool {
    switch self {
    case .f32, .f16, .bf16, .f64: true
    default: false
    }
  }

  public var bitsPerElement: Double {
    Double(bytesPerBlock * 8) / Double(elementsPerBlock)
  }

  /// The type with this GGUF wire id, or `nil` for retired and unknown ids.
  public init?(ggmlID: UInt32) {
    guard let type = Self.byGGMLID[ggmlID] else { return nil }
    self = type
  }

  /// The type with this safetensors spelling.
  public init?(safetensorsName: String) {
    guard let type = Self.bySafetensorsName[safetensorsName] else { return nil }
    self = type
  }

  /// The type with this name, in any mixture of capitals.
  public init?(name: String) {
    guard let type = Self.byName[name.uppercased()] else { return nil }
    self = type
  }

  private static let byGGMLID = Dictionary(
    uniqueKeysWithValues: table.compactMap { row in row.ggmlID.map { ($0, row.type) } })
  private static let bySafetensorsName = Dictionary(
    uniqueKeysWithValues: table.compactMap { row in row.safetensorsName.map { ($0, row.type) } })
  private static let byName = Dictionary(
    uniqueKeysWithValues: table.map { ($0.name.uppercased(), $0.type) })
}

extension TensorType: CustomStringConvertible {
  public var description: String { name }
}
