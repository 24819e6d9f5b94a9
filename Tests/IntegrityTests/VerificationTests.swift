import Foundation
import GGUF
import Integrity
import SystemPackage
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

  /// Writes a set of three parts, one tensor each, and returns their paths.
  private func writeSet() throws -> [FilePath] {
    let layouts = try GGUFLayout.parts(
      metadata: GGUFMetadata([("general.architecture", .string("llama"))]),
      tensors: try ["a", "b", "c"].map { ($0, .f32, try Shape([4, 8])) },
      limits: GGUFPartLimits(tensorCount: 1))
    return try layouts.enumerated().map { index, layout in
      try folder.write(
        layout.header + [UInt8](repeating: 0, count: layout.byteCount - layout.header.count),
        as: GGUFPartName(stem: "m", number: index + 1, count: 3).fileName)
    }
  }

  @Test("A part of a set answers for all, and a folder or a list for each file once")
  func wholeSet() throws {
    let paths = try writeSet()
    for verdicts in [
      try Verification.verify(paths[1]), try Verification.verify(folder.path),
      try Verification.verify(paths + [folder.path]),
    ] {
      #expect(verdicts.map(\.path) == paths)
      #expect(verdicts.map(\.isIntact) == [true, true, true])
    }
  }

  @Test(
    "A part that is missing, cut short or of another set is found from any other", arguments: 0..<3)
  func damagedSet(index: Int) throws {
    let paths = try writeSet()
    let bytes = try readBytes(paths[index])
    func expectDamage(_ tensor: String?, from named: FilePath) throws {
      let verdicts = try Verification.verify(named)
      #expect(verdicts.map(\.path) == paths)
      #expect(verdicts.map(\.isIntact) == paths.indices.map { $0 != index })
      #expect(verdicts[index].damage.map(\.tensor) == [tensor])
    }
    let other = paths[(index + 1) % 3]
    let names = ["a", "b", "c"]
    _ = try folder.write(Array(bytes.dropLast(1)), as: paths[index].lastComponent?.string ?? "")
    try expectDamage(names[index], from: other)
    try expectDamage(names[index], from: paths[index])
    try FileManager.default.removeItem(atPath: paths[index].string)
    try expectDamage(nil, from: other)
    guard index > 0 else { return }
    // Of a set in which this part has the tensor of the first.
    let strange = try GGUFLayout.parts(
      metadata: GGUFMetadata(),
      tensors: try names.map { ($0 == names[index] ? "a" : $0 + "2", .f32, try Shape([4, 8])) },
      limits: GGUFPartLimits(tensorCount: 1))[index]
    _ = try folder.write(
      strange.header + [UInt8](repeating: 0, count: strange.byteCount - strange.header.count),
      as: paths[index].lastComponent?.string ?? "")
    try expectDamage("a", from: other)
  }
}
