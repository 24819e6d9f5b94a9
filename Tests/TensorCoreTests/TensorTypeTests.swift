import TensorCore
import Testing

@Suite struct TensorTypeTests {
  @Test("Every case has its own row, in order")
  func rows() {
    #expect(TensorType.table.map(\.type) == TensorType.allCases)
  }

  @Test("Every ggml id from 0 to 42 is live, or retired by name, and no other id is known")
  func ids() {
    for id in UInt32(0)...42 {
      let live = TensorType(ggmlID: id) != nil
      let retired = TensorType.retiredGGMLTypes[id] != nil
      #expect(live != retired, "id \(id)")
    }
    #expect(TensorType(ggmlID: 43) == nil)
    #expect(TensorType(ggmlID: .max) == nil)
  }

  @Test("safetensors has 22 dtypes, and each spelling leads back to its type")
  func safetensorsNames() {
    let named = TensorType.allCases.filter { $0.safetensorsName != nil }
    #expect(named.count == 22)
    for type in named {
      #expect(TensorType(safetensorsName: type.safetensorsName ?? "") == type)
    }
  }

  @Test("A name is found in any mixture of capitals")
  func names() {
    #expect(TensorType(name: "q4_k") == .q4_K)
    #expect(TensorType(name: "IQ2_xxs") == .iq2_XXS)
    #expect(TensorType(name: "Q4_2") == nil)
  }

  /// Byte counts of 512 elements, from the `gguf` package's `GGML_QUANT_SIZES`.
  @Test(
    "Block sizes are the reference's",
    arguments: [
      (TensorType.q4_0, 288), (.q4_1, 320), (.q5_0, 352), (.q5_1, 384), (.q8_0, 544), (.q2_K, 168),
      (.q3_K, 220), (.q4_K, 288), (.q5_K, 352), (.q6_K, 420), (.q8_K, 584), (.iq1_S, 100),
      (.iq1_M, 112), (.iq2_XXS, 132), (.iq2_XS, 148), (.iq2_S, 164), (.iq3_XXS, 196),
      (.iq3_S, 220), (.iq4_NL, 288), (.iq4_XS, 272), (.tq1_0, 108), (.tq2_0, 132), (.mxfp4, 272),
      (.nvfp4, 288), (.q1_0, 72), (.q2_0, 144), (.f32, 2048), (.f16, 1024), (.bf16, 1024),
      (.f64, 4096), (.f4, 256), (.f6E2M3, 384),
    ])
  func sizes(type: TensorType, bytes: Int) throws {
    #expect(try Shape([512]).byteCount(of: type) == bytes)
  }
}

@Suite struct ShapeTests {
  @Test("A scalar has one element and one row")
  func scalar() throws {
    let shape = try Shape([])
    #expect((shape.elementCount, shape.rows, shape.columns) == (1, 1, 1))
  }

  @Test("A zero extent makes an empty tensor")
  func empty() throws {
    #expect(try Shape([3, 0]).rows == 0)
    #expect(try Shape([0, 256]).byteCount(of: .q4_K) == 0)
  }

  @Test("Overflow, negative extents and rows that do not fill blocks are errors")
  func errors() {
    #expect(throws: ShapeError.negativeExtent(-1)) { try Shape([4, -1]) }
    #expect(throws: ShapeError.elementCountOverflows([.max, 2])) { try Shape([.max, 2]) }
    #expect(throws: ShapeError.byteCountOverflows([.max], .f32)) {
      try Shape([.max]).byteCount(of: .f32)
    }
    #expect(throws: ShapeError.notBlockMultiple(columns: 288, type: .q4_K)) {
      try Shape([16, 288]).byteCount(of: .q4_K)
    }
  }
}

@Suite struct PrintableNameTests {
  @Test("Control characters and direction marks are spelled out")
  func escapes() {
    #expect("blk.0\u{1B}[31m".printable == "blk.0\\u{1b}[31m")
    #expect("a\u{202E}b\n".printable == "a\\u{202e}b\\u{a}")
    #expect("磨 naïve".printable == "磨 naïve")
  }
}
