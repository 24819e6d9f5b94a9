public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a path is, judged by its first bytes rather than its name.
public enum FileKind: Sendable, Hashable {
  case folder
  case gguf
  case safetensors
  /// A pickle or a zip of pickles: code, which is never run.
  case pytorch
  case unknown

  /// - Throws: `FileError` when the path is missing or unreadable.
  public init(of path: FilePath) throws(FileError) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else {
      throw FileError(path: path, reason: .system(operation: "open", Errno(rawValue: errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      self = .folder
      return
    }
    let start = try MappedFile(path).withBytes { Array($0.prefix(16)) }
    self.init(firstBytes: start, name: path.lastComponent?.string)
  }

  init(firstBytes bytes: [UInt8], name: String?) {
    if bytes.starts(with: Array("GGUF".utf8)) {
      self = .gguf
    } else if bytes.count > 8, bytes[4..<9].elementsEqual([0, 0, 0, 0, UInt8(ascii: "{")]) {
      // First, since the count of a header's bytes may begin as a pickle does.
      self = .safetensors
    } else if bytes.starts(with: Array("PK\u{3}\u{4}".utf8))
      || bytes.count > 1 && bytes[0] == 0x80 && (2...5).contains(bytes[1])
    {
      self = .pytorch
    } else if bytes.count > 8, bytes[8] == UInt8(ascii: "{") {
      self = .safetensors
    } else if name?.hasSuffix(".gguf") == true {
      self = .gguf  // its reader says what is wrong with it
    } else if name?.hasSuffix(".safetensors") == true {
      self = .safetensors
    } else {
      self = .unknown
    }
  }
}
