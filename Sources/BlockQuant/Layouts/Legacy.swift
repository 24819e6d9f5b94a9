// The 32-element types. One scale a block, for some a minimum.
//
// Source: block_q4_0 ... block_q8_1 in ggml-common.h as shipped with llama-cpp-python 0.3.36; sizes
// checked against CKernelsBlocks.h by `BlockLayoutTests`.

extension BlockLayout {
  /// `x = d * (code - 8)`
  ///
  ///     byte   0    2                18
  ///            +----+----------------+
  ///            | d  | qs             |   qs[i]: element i low, element i + 16 high nibble
  ///            +----+----------------+
  public static let q4_0 = BlockLayout(("d", 2, .half), ("qs", 16, .codes))

  /// `x = d * code + m`
  ///
  ///     byte   0    2    4                20
  ///            +----+----+----------------+
  ///            | d  | m  | qs             |   as Q4_0
  ///            +----+----+----------------+
  public static let q4_1 = BlockLayout(("d", 2, .half), ("m", 2, .half), ("qs", 16, .codes))

  /// `x = d * (code - 16)`
  ///
  ///     byte   0    2        6                22
  ///            +----+--------+----------------+
  ///            | d  | qh     | qs             |   qh: bit i is the fifth bit of element i
  ///            +----+--------+----------------+
  public static let q5_0 = BlockLayout(
    ("d", 2, .half), ("qh", 4, .highBits), ("qs", 16, .codes))

  /// `x = d * code + m`
  ///
  ///     byte   0    2    4        8                24
  ///            +----+----+--------+----------------+
  ///            | d  | m  | qh     | qs             |   as Q5_0
  ///            +----+----+--------+----------------+
  public static let q5_1 = BlockLayout(
    ("d", 2, .half), ("m", 2, .half), ("qh", 4, .highBits), ("qs", 16, .codes))

  /// `x = d * code`, codes are signed bytes.
  ///
  ///     byte   0    2                                34
  ///            +----+--------------------------------+
  ///            | d  | qs                             |
  ///            +----+--------------------------------+
  public static let q8_0 = BlockLayout(("d", 2, .half), ("qs", 32, .codes))

  /// Activations inside an engine, never weights: `Q8_0` and the sum of its elements.
  ///
  ///     byte   0    2    4                                36
  ///            +----+----+--------------------------------+
  ///            | d  | s  | qs                             |   s = d * sum of qs
  ///            +----+----+--------------------------------+
  public static let q8_1 = BlockLayout(("d", 2, .half), ("s", 2, .half), ("qs", 32, .codes))
}
