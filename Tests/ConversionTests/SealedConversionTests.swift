import Conversion
import GGUF
import Integrity
import Safetensors
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// What conversions write can be verified to the byte, and is what it was without a seal.
@Suite struct SealedConversionTests {
  private let fixture: ConversionFixture
  private let pool = WorkerPool(workerCount: 2)

  init() throws { fixture = try ConversionFixture() }

  struct Target: CustomTestStringConvertible {
    let testDescription: String
    var name = "out.gguf"
    var change: @Sendable (inout ConversionOptions) -> Void = { _ in }
  }

  static let targets = [
    Target(testDescription: "a GGUF"),
    Target(testDescription: "a quantized GGUF") { $0.recipe = Recipe(named: "Q8_0") },
    Target(testDescription: "a big-endian GGUF") { $0.byteOrder = .big },
    Target(testDescription: "a split GGUF") { $0.maxShardTensorCount = 2 },
    Target(testDescription: "a safetensors file", name: "out.safetensors"),
    Target(testDescription: "shards", name: "out.safetensors") { $0.maxShardTensorCount = 2 },
  ]

  /// Tensors of one chunk and of two, which slabs of 64 Ki elements divide elsewhere.
  private func source(_ target: Target) throws -> FilePath {
    let tensors =
      ConversionFixture.model() + [
        ("blk.0.ffn_up.weight", .f32, ConversionFixture.noise(rows: 1153, columns: 256, seed: 7))
      ]
    return target.name.hasSuffix(".gguf")
      ? try fixture.gguf(tensors) : try fixture.safetensors(tensors)
  }

  private func convert(
    _ source: FilePath, to target: Target, in folder: String, isSealed: Bool
  ) throws -> [FilePath] {
    var options = ConversionOptions()
    options.memoryByteCount = 1
    options.isSealed = isSealed
    target.change(&options)
    let plan = try ConversionPlan(
      from: source, to: fixture.path(folder + target.name).string, options: options)
    #expect(try plan.execute(on: pool).plan.byteCount == plan.byteCount)
    for (path, file) in zip(plan.paths, plan.files) {
      #expect(try readBytes(path).count == file.byteCount)
    }
    return plan.paths
  }

  /// Keys that are no seal's, and the bytes of all tensors.
  private func contents(_ path: FilePath) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    if path.extension == "gguf" {
      let file = try GGUFFile(path)
      for (key, value) in file.metadata.entries where !key.hasPrefix("quern.seal.") {
        contents["key \(key)"] = Array("\(value)".utf8)
      }
      for tensor in file.tensors { contents[tensor.name] = Array(file.bytes(of: tensor)) }
    } else {
      let file = try SafetensorsFile(path)
      for (key, value) in file.metadata where !key.hasPrefix("quern.seal.") {
        contents["key \(key)"] = Array(value.utf8)
      }
      for tensor in file.tensors { contents[tensor.name] = Array(file.bytes(of: tensor)) }
    }
    return contents
  }

  @Test("What is written is sealed, and holds nothing else that is new", arguments: targets)
  func sealed(target: Target) throws {
    let source = try source(target)
    let plain = try convert(source, to: target, in: "plain-", isSealed: false)
    let sealed = try convert(source, to: target, in: "sealed-", isSealed: true)
    for (path, other) in zip(sealed, plain) {
      guard path.extension != "json" else { continue }
      let verdict = try #require(
        Verification.verify(path, on: pool).first { $0.path == path })
      #expect(verdict.isSealed)
      #expect(verdict.damage == [])
      #expect(try contents(path) == contents(other))
      #expect(try Verification.verify(other, on: pool).allSatisfy { !$0.isSealed })
    }
  }

  @Test("A conversion takes no seal over", arguments: targets)
  func anew(target: Target) throws {
    let source = try source(target)
    let sealed = try convert(source, to: target, in: "sealed-", isSealed: true)
    let plain = try convert(source, to: target, in: "plain-", isSealed: false)
    var bare = Target(testDescription: "", name: target.name, change: target.change)
    bare.change = { options in
      target.change(&options)
      options.allowRequantize = true
    }
    let (again, without) = (
      try convert(sealed[0], to: bare, in: "again-", isSealed: true),
      try convert(sealed[0], to: bare, in: "without-", isSealed: false)
    )
    for (path, original) in zip(again + without, sealed + plain) where path.extension != "json" {
      #expect(try readBytes(path) == readBytes(original))
    }
  }

  @Test("A flipped bit in what was written is found in its rows")
  func flipped() throws {
    let target = Self.targets[0]
    let path = try convert(source(target), to: target, in: "", isSealed: true)[0]
    let tensor = try #require(try GGUFFile(path).tensor("blk.0.ffn_up.weight"))
    var bytes = try readBytes(path)
    bytes[tensor.offset + tensor.byteCount - 1] ^= 0x40
    let damaged = try fixture.folder.write(bytes, as: "damaged.gguf")
    let damage = try #require(Verification.verify(damaged, on: pool).first).damage
    #expect(damage.map(\.tensor) == ["blk.0.ffn_up.weight"])
    #expect(damage.map(\.firstRow) == [1024])
    #expect(damage.map(\.lastRow) == [1152])
  }
}
