import Crypto
import SystemPackage

/// The hub's digest of a file, while its bytes come in order.
enum RunningDigest {
  case sha256(SHA256)
  case gitBlob(Insecure.SHA1)

  init(like digest: HubDigest, byteCount: Int) {
    switch digest {
    case .sha256:
      self = .sha256(SHA256())
    case .gitBlob:
      var hash = Insecure.SHA1()
      hash.update(data: Array("blob \(byteCount)\0".utf8))
      self = .gitBlob(hash)
    }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .sha256(var hash):
      hash.update(bufferPointer: bytes)
      self = .sha256(hash)
    case .gitBlob(var hash):
      hash.update(bufferPointer: bytes)
      self = .gitBlob(hash)
    }
  }

  /// In lowercase hexadecimal digits.
  var text: String {
    switch self {
    case .sha256(let hash): Self.hexadecimal(hash.finalize())
    case .gitBlob(let hash): Self.hexadecimal(hash.finalize())
    }
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Whether a file on disk is what the hub has.
  static func matches(_ path: FilePath, _ file: HubFile) throws -> Bool {
    let reader = try FileReader(path)
    guard reader.byteCount == file.byteCount else { return false }
    var digest = RunningDigest(like: file.digest, byteCount: file.byteCount)
    try reader.forEachPart { part, _ in digest.update(part) }
    return digest.text == file.digest.text
  }
}
