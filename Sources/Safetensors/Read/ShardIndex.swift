/// The `model.safetensors.index.json` of a sharded checkpoint: which shard holds which tensor.
public struct ShardIndex: Sendable {
  /// File names of shards by tensor name.
  public let shardByTensor: [String: String]

  /// Reads an index.
  ///
  /// - Throws: ``SafetensorsError`` for malformed JSON, or a shard that does not lie beside the index.
  public init(parsing bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw SafetensorsError(.notUTF8, at: 0)
    }
    var scanner = JSONScanner(bytes, base: 0)
    var map: [String: String]?
    try scanner.object { (scanner, key) throws(SafetensorsError) in
      guard key == "weight_map" else {
        try scanner.skipValue()
        return
      }
      var shards: [String: String] = [:]
      try scanner.object { (scanner, tensor) throws(SafetensorsError) in
        let place = scanner.place
        let shard = try scanner.string()
        guard Self.isPlainName(shard) else {
          throw SafetensorsError(.shardOutsideFolder(shard), at: place, tensor: tensor)
        }
        shards[tensor] = shard
      }
      map = shards
    }
    try scanner.expectEnd()
    guard let map else { throw SafetensorsError(.missingField("weight_map"), at: 0) }
    shardByTensor = map
  }

  /// Whether a name has no way to leave its folder.
  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("\\")
      && !name.unicodeScalars.contains("\0")
  }
}
