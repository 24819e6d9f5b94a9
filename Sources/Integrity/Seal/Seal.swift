package import MappedFiles

/// What a file says of its own bytes. See Specs/seal.md.
package struct Seal: Sendable, Hashable {
  package let chunkByteCount: Int
  package let chunks: [Digest128]
  /// Of the header, this digest taken as zeros.
  package let header: Digest128

  /// What every key of the seal begins with.
  package static let prefix = "quern.seal."

  enum Key {
    static let version = prefix + "version"
    static let chunkSize = prefix + "chunk_size"
    static let chunks = prefix + "chunks"
    static let header = prefix + "header"
  }

  static let version = 1
  /// Digits of a digest.
  static let digitCount = 32
  static let zeros = String(repeating: "0", count: digitCount)
}

/// Why a seal says nothing.
package struct SealFlaw: Error, Hashable, CustomStringConvertible {
  package let key: String
  let expected: String
  let found: String
  /// Bytes from the start of the file.
  var place: Int?

  package var description: String { "the seal's \(key): expected \(expected), found \(found)" }
}
