// Types of few levels: ternary, four-bit floats, one and two bits.
//
// Source: block_tq1_0, block_tq2_0, block_mxfp4, block_nvfp4, block_q1_0 and block_q2_0 in ggml-common.h
// as shipped with llama-cpp-python 0.3.36; sizes checked against CKernelsBlocks.h by `BlockLayoutTests`.

extension BlockLayout {
  /// 256 elements -1, 0, 1, five to a byte of `qs`, four to a byte of `qh`.
  ///
  ///     byte   0                        48     52   54
  ///            +------------------------+------+----+
  ///            | qs                     | qh   | d  |
  ///            +------------------------+------+----+
  public static let tq1_0 = BlockLayout(("qs", 48, .codes), ("qh", 4, .codes), ("d", 2, .half))

  /// 256 elements -1, 0, 1 of two bits.
  ///
  ///     byte   0                                64   66
  ///            +--------------------------------+----+
  ///            | qs                             | d  |
  ///            +--------------------------------+----+
  public static let tq2_0 = BlockLayout(("qs", 64, .codes), ("d", 2, .half))

  /// 32 elements E2M1 under one power of two (E8M0).
  ///
  ///     byte   0   1                17
  ///            +---+----------------+
  ///            | e | qs             |   nibbles as in Q4_0
  ///            +---+----------------+
  public static let mxfp4 = BlockLayout(("e", 1, .scales), ("qs", 16, .codes))

  /// Four sub-blocks of 16 elements E2M1, each under its own scale (unsigned E4M3).
  ///
  ///     byte   0      4                                36
  ///            +------+--------------------------------+
  ///            | d    | qs                             |
  ///            +------+--------------------------------+
  public static let nvfp4 = BlockLayout(("d", 4, .scales), ("qs", 32, .codes))

  /// 128 elements `d` or `-d`, one bit each.
  ///
  ///     byte   0    2                18
  ///            +----+----------------+
  ///            | d  | qs             |   bit i % 8 of byte i / 8
  ///            +----+----------------+
  public static let q1_0 = BlockLayout(("d", 2, .half), ("qs", 16, .codes))

  /// 64 elements -1, 0, 1, 2 times `d`, two bits each.
  ///
  ///     byte   0    2                18
  ///            +----+----------------+
  ///            | d  | qs             |   bits 2 * (i % 4) of byte i / 4
  ///            +----+----------------+
  public static let q2_0 = BlockLayout(("d", 2, .half), ("qs", 16, .codes))
}
