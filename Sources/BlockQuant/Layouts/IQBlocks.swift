// The IQ types: codes that index grids of vectors (IQ1 to IQ3) or a table of levels (IQ4).
//
// Source: block_iq1_s ... block_iq4_xs in ggml-common.h as shipped with llama-cpp-python 0.3.36; sizes
// checked against CKernelsBlocks.h by `BlockLayoutTests`.

extension BlockLayout {
  /// 8 elements a grid index of 11 bits; `qh` also holds each 32 elements' scale and shift.
  ///
  ///     byte   0    2                34               50
  ///            +----+----------------+----------------+
  ///            | d  | qs: low 8 bits | qh: UInt16 x 8 |
  ///            +----+----------------+----------------+
  public static let iq1_S = BlockLayout(("d", 2, .half), ("qs", 32, .codes), ("qh", 16, .highBits))

  /// As ``iq1_S`` with scales of 16 elements; the block's own scale is spread over the top nibbles of
  /// the four 16-bit words of `scales`.
  ///
  ///     byte   0                32               48       56
  ///            +----------------+----------------+--------+
  ///            | qs             | qh             | scales |
  ///            +----------------+----------------+--------+
  public static let iq1_M = BlockLayout(
    ("qs", 32, .codes), ("qh", 16, .highBits), ("scales", 8, .scales))

  /// Each 32 elements: four grid indexes of 8 bits, four sign patterns of 7, one scale of 4.
  ///
  ///     byte   0    2                                66
  ///            +----+--------------------------------+
  ///            | d  | qs: UInt16 x 32                |
  ///            +----+--------------------------------+
  public static let iq2_XXS = BlockLayout(("d", 2, .half), ("qs", 64, .codes))

  /// Each 8 elements: a grid index of 9 bits under a sign pattern of 7.
  ///
  ///     byte   0    2                                66       74
  ///            +----+--------------------------------+--------+
  ///            | d  | qs: UInt16 x 32                | scales |
  ///            +----+--------------------------------+--------+
  public static let iq2_XS = BlockLayout(
    ("d", 2, .half), ("qs", 64, .codes), ("scales", 8, .scales))

  /// Each 8 elements: a grid index of 10 bits, its high two in `qh`, and 8 signs in `qs`' second half.
  ///
  ///     byte   0    2                34               66       74       82
  ///            +----+----------------+----------------+--------+--------+
  ///            | d  | qs: low 8 bits | qs: signs      | qh     | scales |
  ///            +----+----------------+----------------+--------+--------+
  public static let iq2_S = BlockLayout(
    ("d", 2, .half), ("qs", 32, .codes), ("signs", 32, .signs), ("qh", 8, .highBits),
    ("scales", 8, .scales))

  /// Each 4 elements a grid index of 8 bits; then, for each 32 elements, four sign patterns of 7 bits and
  /// a scale of 4.
  ///
  ///     byte   0    2                        66               98
  ///            +----+------------------------+----------------+
  ///            | d  | qs: indexes            | signs, scales  |
  ///            +----+------------------------+----------------+
  public static let iq3_XXS = BlockLayout(
    ("d", 2, .half), ("qs", 64, .codes), ("scales", 32, .scales))

  /// Each 4 elements a grid index of 9 bits, its high one in `qh`.
  ///
  ///     byte   0    2                        66       74               106    110
  ///            +----+------------------------+--------+----------------+------+
  ///            | d  | qs: low 8 bits         | qh     | signs          |scales|
  ///            +----+------------------------+--------+----------------+------+
  public static let iq3_S = BlockLayout(
    ("d", 2, .half), ("qs", 64, .codes), ("qh", 8, .highBits), ("signs", 32, .signs),
    ("scales", 4, .scales))

  /// 32 elements: `x = d * level[code]`, 16 unevenly spaced levels.
  ///
  ///     byte   0    2                18
  ///            +----+----------------+
  ///            | d  | qs             |   nibbles as in Q4_0
  ///            +----+----------------+
  public static let iq4_NL = BlockLayout(("d", 2, .half), ("qs", 16, .codes))

  /// 8 sub-blocks of 32: `x = d * (scale - 32) * level[code]`, 6-bit scales split into high and low.
  ///
  ///     byte   0    2    4      8                               136
  ///            +----+----+------+-------------------------------+
  ///            | d  | h  | l    | qs: 4 bits an element         |
  ///            +----+----+------+-------------------------------+
  public static let iq4_XS = BlockLayout(
    ("d", 2, .half), ("scales_h", 2, .scales), ("scales_l", 4, .scales), ("qs", 128, .codes))
}
