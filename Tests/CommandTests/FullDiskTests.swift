import Foundation
import TestSupport
import Testing

/// Conversions onto a real filesystem that is too small, or read-only.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root on Linux"))
struct FullDiskTests {
  private let disk: SmallDisk
  private let source = fixture("checkpoints/tiny-llama")
  private let expected: Data

  init() throws {
    disk = try SmallDisk()
    let whole = disk.folder.path.appending("expected.gguf").string
    try #require(try Program("quantize", source, whole, "--type", "Q8_0", "-q").status == 0)
    expected = try Data(contentsOf: URL(fileURLWithPath: whole))
  }

  private var target: String { disk.path + "/out.gguf" }

  private func expectWhole() throws {
    let again = try Program("quantize", source, target, "--type", "Q8_0", "-q")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == expected)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["out.gguf"])
  }

  /// A filesystem that reserves room fails before any work; one that cannot, in the middle of it.
  @Test(
    "A full disk is one line, and with room the same command goes on", arguments: [false, true])
  func full(withoutReserving: Bool) throws {
    try #require(!withoutReserving || FailingCalls.isAvailable)
    try disk.resize(to: "64k")
    let program = try Program(
      ["quantize", source, target, "--type", "Q8_0", "-q"],
      environment: withoutReserving
        ? FailingCalls.environment("posix_fallocate 1 fail \(EOPNOTSUPP)") : [:])
    #expect(program.status == 1)
    let lines = program.errors.split(separator: "\n")
    #expect(lines.first?.hasSuffix("no space left on device") == true)
    let isBegun = withoutReserving
    #expect(lines.dropFirst() == (isBegun ? ["  the same command goes on from here"] : []))
    #expect(!FileManager.default.fileExists(atPath: target))
    try disk.resize(to: "1m")
    try expectWhole()
  }

  @Test("What was claimed of a disk that is too small is given back")
  func givenBack() throws {
    try disk.resize(to: "64k")
    _ = try Program("quantize", source, target, "--type", "Q8_0", "-q")
    let free = try FileManager.default.attributesOfFileSystem(forPath: disk.path)[.systemFreeSize]
    #expect(try #require(free as? Int) >= 48 << 10)
  }

  @Test("A read-only filesystem is one line that names the destination")
  func readOnly() throws {
    try disk.remount("ro")
    let program = try Program("quantize", source, target, "--type", "Q8_0", "-q")
    #expect(program.status == 1)
    #expect(program.errors == "quern: \(target): cannot create: read-only file system\n")
    try disk.remount("rw")
    try expectWhole()
  }
}

/// A filesystem in memory, whose size can be changed.
final class SmallDisk {
  let folder: TemporaryFolder
  let path: String

  /// Whether this process may mount one.
  static let isPossible: Bool = {
    guard let disk = try? SmallDisk() else { return false }
    return disk.isMounted
  }()

  private let isMounted: Bool

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path.appending("disk").string
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    isMounted = Self.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path)
  }

  deinit {
    if isMounted { _ = Self.run("umount", path) }
  }

  func resize(to size: String) throws { try remount("size=\(size)") }

  func remount(_ option: String) throws {
    try #require(Self.run("mount", "-o", "remount,\(option)", path))
  }

  private static func run(_ words: String...) -> Bool {
    #if os(Linux)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = words
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    #else
      return false
    #endif
  }
}
