import CXXHash
import CZstd
import Testing

@Suite struct SystemLibraryTests {
  /// The digest of no bytes at seed 0, from xxHash's specification.
  @Test("xxHash gives the published digest of the empty input")
  func xxHash() {
    let digest = XXH3_128bits(nil, 0)
    #expect(digest.high64 == 0x99AA_06D3_0147_98D8)
    #expect(digest.low64 == 0x6001_C324_468D_497F)
  }

  @Test("zstd restores what it compressed")
  func zstd() {
    let text = [UInt8](repeating: 42, count: 10_000)
    var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(text.count))
    let count = ZSTD_compress(&packed, packed.count, text, text.count, 1)
    #expect(ZSTD_isError(count) == 0)
    var restored = [UInt8](repeating: 0, count: text.count)
    #expect(ZSTD_decompress(&restored, restored.count, packed, count) == text.count)
    #expect(restored == text)
  }
}
