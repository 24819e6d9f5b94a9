// The K types: super-blocks of 256 elements with quantized scales of their sub-blocks.
//
// Source: block_q2_K ... block_q8_K in ggml-common.h as shipped with llama-cpp-python 0.3.36; sizes
// checked against CKernelsBlocks.h by `BlockLayoutTests`.

extension BlockLayout {
  /// 16 sub-blocks of 16: `x = d * (scales & 15) * code - dmin * (scales >> 4)`
  ///
  ///     byte   0              16                       80   82   84
  ///            +--------------+------------------------+----+----+
  ///            | scales       | qs: 2 bits an element  | d  |dmin|
  ///            +--------------+------------------------+----+----+
  public static let q2_K = BlockLayout(
    ("scales", 16, .scales), ("qs", 64, .codes), ("d", 2, .half), ("dmin", 2, .half))

  /// 16 sub-blocks of 16: `x = d * (scale - 32) * (code - 4)`; the code's third bit is in `hmask`.
  ///
  ///     byte   0              32                       96           108  110
  ///            +--------------+------------------------+------------+----+
  ///            | hmask        | qs: 2 bits an element  | scales (6) | d  |
  ///            +--------------+------------------------+------------+----+
  public static let q3_K = BlockLayout(
    ("hmask", 32, .highBits), ("qs", 64, .codes), ("scales", 12, .scales), ("d", 2, .half))

  /// 8 sub-blocks of 32: `x = d * scale * code - dmin * minimum`
  ///
  ///     byte   0    2    4            16                              144
  ///            +----+----+------------+-------------------------------+
  ///            | d  |dmin| scales (6) | qs: 4 bits an element         |
  ///            +----+----+------------+-------------------------------+
  ///
  /// `scales` holds 8 scales and 8 minimums of 6 bits: bytes 0 to 3 the first four scales, 4 to 7 the
  /// first four minimums, 8 to 11 the low nibbles of the others (scale low, minimum high), whose upper
  /// two bits sit on top of bytes 0 to 3 (scales) and 4 to 7 (minimums). Each 32 bytes of `qs` hold
  /// two sub-blocks, the first in the low nibbles.
  public static let q4_K = BlockLayout(
    ("d", 2, .half), ("dmin", 2, .half), ("scales", 12, .scales), ("qs", 128, .codes))

  /// 8 sub-blocks of 32: `x = d * scale * code - dmin * minimum`
  ///
  ///     byte   0    2    4            16             48                              176
  ///            +----+----+------------+--------------+-------------------------------+
  ///            | d  |dmin| scales (6) | qh           | qs: low 4 bits an element     |
  ///            +----+----+------------+--------------+-------------------------------+
  ///
  /// `scales` and `qs` as in ``q4_K``; bit s of `qh[i]` is the fifth bit of element i of sub-block s.
  public static let q5_K = BlockLayout(
    ("d", 2, .half), ("dmin", 2, .half), ("scales", 12, .scales), ("qh", 32, .highBits),
    ("qs", 128, .codes))

  /// 16 sub-blocks of 16: `x = d * scale * (code - 32)`, scales are signed bytes.
  ///
  ///     byte   0                               128              192      208  210
  ///            +-------------------------------+----------------+--------+----+
  ///            | ql: low 4 bits an element     | qh: high 2     | scales | d  |
  ///            +-------------------------------+----------------+--------+----+
  ///
  /// Each half of 128 elements takes 64 bytes of `ql` and 32 of `qh`: elements 0 to 63 are the low
  /// nibbles and 64 to 127 the high ones; element 32 * p + i has its upper bits at 2 * p of `qh[i]`.
  public static let q6_K = BlockLayout(
    ("ql", 128, .codes), ("qh", 64, .highBits), ("scales", 16, .scales), ("d", 2, .half))

  /// Activations inside an engine, never weights: `x = d * code` and sums of 16 codes each.
  ///
  ///     byte   0        4                                        260             292
  ///            +--------+----------------------------------------+---------------+
  ///            | d      | qs: signed bytes                       | bsums: Int16  |
  ///            +--------+----------------------------------------+---------------+
  public static let q8_K = BlockLayout(("d", 4, .float), ("qs", 256, .codes), ("bsums", 32, .sums))
}
