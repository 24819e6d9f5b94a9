import Foundation
import SystemPackage

/// A quantized checkpoint in `Fixtures/quantized`, and what independent decoders make of it.
public struct QuantizedFixture: Sendable, CustomStringConvertible {
  public struct Tensor: Sendable {
    /// In a GGUF.
    public let name: String
    public let extents: [Int]
    /// FNV-1a hashes of the values in these types.
    public let f32: String
    public let bf16: String
  }

  public let name: String
  /// The plain checkpoint that it was made from.
  public let checkpoint: String
  /// Whether the tensors are in the order of llama.cpp's converter.
  public let isOrdered: Bool
  public let tensors: [Tensor]

  public var description: String { name }

  private static let root: FilePath = {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Fixtures")
  }()

  /// All of them; none when `expected.json` is not what it should be.
  public static let all: [QuantizedFixture] = {
    let bytes = (try? readBytes(root.appending("quantized").appending("expected.json"))) ?? []
    let json = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: [String: Any]]
    return (json ?? [:]).sorted { $0.key < $1.key }.compactMap { name, about in
      guard let checkpoint = about["checkpoint"] as? String,
        let isOrdered = about["llama_cpp"] as? Bool, let rows = about["tensors"] as? [[Any]]
      else { return nil }
      return QuantizedFixture(
        name: name, checkpoint: checkpoint, isOrdered: isOrdered,
        tensors: rows.compactMap { row in
          guard row.count == 4, let name = row[0] as? String, let extents = row[1] as? [Int],
            let f32 = row[2] as? String, let bf16 = row[3] as? String
          else { return nil }
          return Tensor(name: name, extents: extents, f32: f32, bf16: bf16)
        })
    }
  }()

  public static func named(_ name: String) -> QuantizedFixture? { all.first { $0.name == name } }

  /// Puts the checkpoint together in `folder`, with the tokenizer of the plain one.
  ///
  /// - Returns: The path of the checkpoint.
  public func copy(into folder: TemporaryFolder) throws -> FilePath {
    let path = folder.path.appending(name)
    let files = FileManager.default
    let plain = Self.root.appending("checkpoints").appending(checkpoint)
    let own = Self.root.appending("quantized").appending(name)
    try files.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    for part in try files.contentsOfDirectory(atPath: plain.string)
    where part != "config.json" && !part.contains("safetensors") {
      try files.copyItem(
        atPath: plain.appending(part).string, toPath: path.appending(part).string)
    }
    for part in try files.contentsOfDirectory(atPath: own.string) {
      try files.copyItem(atPath: own.appending(part).string, toPath: path.appending(part).string)
    }
    return path
  }
}

/// FNV-1a, 64 bits, as the scripts in `Fixtures` compute it.
public func hash(_ bytes: some Sequence<UInt8>) -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
