import GGUF
import Integrity
import TensorCore
import TestSupport
import Testing

@Suite struct VerificationTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func gguf() throws -> [UInt8] {
    let layout = try GGUFLayout(
      metadata: GGUFMetadata([("general.architecture", .string("llama"))]),
      tensors: [("a", .f32, try Shape([4, 8])), ("b", .f32, try Shape([2, 8]))])
    return layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count)
  }

  @Test("A whole file is intact")
  func intact() throws {
    let verdicts = try Verification.verify(folder.write(gguf(), as: "m.gguf"))
    #expect(verdicts.map(\.isIntact) == [true])
  }

  @Test("A file cut inside its data names the tensors and rows that are missing")
  func cut() throws {
    let whole = try gguf()
    // b is the last 64 bytes, a the 128 before: the cut leaves two rows of a and half a third.
    let path = try folder.write(Array(whole.dropLast(64 + 32 + 16)), as: "m.gguf")
    let damage = try #require(try Verification.verify(path).first).damage
    #expect(damage.map(\.tensor) == ["a", "b"])
    #expect(damage.map(\.firstRow) == [2, 0])
    #expect(damage.map(\.lastRow) == [3, 1])
    #expect(damage.map(\.byteCount) == [48, 64])
  }

  @Test("A folder answers for each of its files")
  func wholeFolder() throws {
    _ = try folder.write(gguf(), as: "a.gguf")
    _ = try folder.write(Array(gguf().prefix(30)), as: "b.gguf")
    _ = try folder.write([], as: "c.safetensors")
    let verdicts = try Verification.verify(folder.path)
    #expect(verdicts.map(\.isIntact) == [true, false, false])
  }
}
