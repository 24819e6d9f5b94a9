import Conversion
import Foundation
import MappedFiles
import SystemPackage
import TensorCore
import TestSupport
import Testing
import Workers

/// Sources that somebody cuts or writes to while they are read.
@Suite struct ChangingSourceTests {
  private let fixture: ConversionFixture
  private let source: FilePath
  private let content: [UInt8]
  private let pool = WorkerPool(workerCount: 2)

  init() throws {
    fixture = try ConversionFixture()
    source = try fixture.gguf(
      (0..<8).map {
        ("blk.\($0).ffn_up.weight", .f32, ConversionFixture.noise(rows: 64, columns: 256))
      })
    content = try readBytes(source)
  }

  private func plan(_ name: String) throws -> ConversionPlan {
    let recipe = try #require(Recipe(named: "Q8_0"))
    return try ConversionPlan(
      from: source, to: fixture.path(name).string, options: ConversionOptions(recipe: recipe))
  }

  /// Writes the source in place, so that its mapping sees it, and sets the time of modification.
  private func rewrite(_ bytes: [UInt8], modified: timespec) throws {
    let descriptor = try FileDescriptor.open(source, .writeOnly, options: .truncate)
    try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    #expect(source.withPlatformString { utimensat(AT_FDCWD, $0, [modified, modified], 0) } == 0)
  }

  private var modified: timespec {
    get throws {
      var status = stat()
      try #require(source.withPlatformString { stat($0, &status) } == 0)
      #if canImport(Darwin)
        return status.st_mtimespec
      #else
        return status.st_mtim
      #endif
    }
  }

  @Test(
    "Zeros in the place of missing pages never count as finished", arguments: [0, 4096, 300_001])
  func truncation(left: Int) throws {
    _ = try plan("undisturbed.gguf").execute(on: pool)
    let before = try modified
    var slabs = 0
    let shrank = FileError(
      path: source, reason: .shrank(expected: content.count, found: left))
    #expect(throws: shrank) {
      _ = try plan("out.gguf").execute(on: pool) { _ in
        slabs += 1
        if slabs == 3 {
          let cut = source.withPlatformString { truncate($0, off_t(left)) }
          #expect(cut == 0)
        }
      }
    }
    #expect(try !fixture.folder.names.contains("out.gguf"))
    // The source comes back as it was, and what was finished is kept: it must be right.
    try rewrite(content, modified: before)
    let result = try plan("out.gguf").execute(on: pool)
    #expect(result.keptByteCount > 0)
    #expect(
      try readBytes(fixture.path("out.gguf")) == readBytes(fixture.path("undisturbed.gguf")))
  }

  @Test("A source that is written to is an error, and nothing of it is kept for the new one")
  func modification() throws {
    let before = try modified
    var changed = content
    for index in content.count / 2..<content.count { changed[index] ^= 1 }
    var slabs = 0
    #expect(throws: FileError(path: source, reason: .changed)) {
      _ = try plan("out.gguf").execute(on: pool) { _ in
        slabs += 1
        guard slabs == 2 else { return }
        let later = timespec(tv_sec: before.tv_sec + 1, tv_nsec: 0)
        #expect(throws: Never.self) { try rewrite(changed, modified: later) }
      }
    }
    #expect(try !fixture.folder.names.contains("out.gguf"))
    let result = try plan("out.gguf").execute(on: pool)
    #expect(result.keptByteCount == 0)
    _ = try plan("undisturbed.gguf").execute(on: pool)
    #expect(
      try readBytes(fixture.path("out.gguf")) == readBytes(fixture.path("undisturbed.gguf")))
  }
}
