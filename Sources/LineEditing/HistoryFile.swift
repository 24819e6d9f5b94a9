import Foundation
import SystemPackage

/// The file of a history: one JSON string a line, so that an entry may have several lines.
enum HistoryFile {
  /// A file this long has been written by something else.
  private static let byteLimit: Int64 = 1 << 26

  static func read(_ path: FilePath, limit: Int) -> [String] {
    let size = (try? FileManager.default.attributesOfItem(atPath: path.string))?[.size] as? Int64
    guard let size, size <= byteLimit,
      let bytes = try? Data(contentsOf: URL(fileURLWithPath: path.string))
    else { return [] }
    let decoder = JSONDecoder()
    return bytes.split(separator: UInt8(ascii: "\n"))
      .compactMap { try? decoder.decode(String.self, from: $0) }
      .suffix(limit)
  }

  /// Adds a line; a file that has grown to twice the limit is written anew with `entries`.
  static func append(_ text: String, to path: FilePath, keeping entries: [String]) {
    guard let line = line(text) else { return }
    let folder = path.removingLastComponent().string
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    // Only its owner may read what someone said.
    guard
      let file = try? FileDescriptor.open(
        path, .readWrite, options: [.create, .append], permissions: .ownerReadWrite)
    else { return }
    defer { try? file.close() }
    _ = try? file.writeAll(line)
    guard let size = try? file.seek(offset: 0, from: .end), size > rewriteSize,
      entries.count == LineHistory.limit
    else { return }
    let whole = Data(entries.compactMap(Self.line).joined())
    try? whole.write(to: URL(fileURLWithPath: path.string), options: .atomic)
    try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.string)
  }

  /// Below this size nothing is gained by writing it anew.
  private static let rewriteSize: Int64 = 1 << 20

  private static func line(_ text: String) -> Data? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { $0 + [UInt8(ascii: "\n")] }
  }
}
