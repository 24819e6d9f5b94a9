import Foundation
import SystemPackage

/// A fresh folder that goes away with this object.
public final class TemporaryFolder: Sendable {
  public let path: FilePath

  public init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("quern-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = FilePath(url.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  /// Writes a file into the folder and returns its path.
  public func write(_ bytes: [UInt8], as name: String) throws -> FilePath {
    let file = path.appending(name)
    try Data(bytes).write(to: URL(fileURLWithPath: file.string))
    return file
  }

  /// The names in the folder, sorted.
  public var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path.string).sorted() }
  }
}

/// Reads a whole file.
public func readBytes(_ path: FilePath) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path.string)))
}
