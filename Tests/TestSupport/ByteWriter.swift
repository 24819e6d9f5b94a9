/// Builds files by hand, well-formed or not, little-endian.
public struct ByteWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func append<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  public mutating func append(bytes more: [UInt8]) { bytes.append(contentsOf: more) }

  /// A u64 byte count and the bytes, as GGUF has strings.
  public mutating func append(string: String) {
    append(UInt64(string.utf8.count))
    bytes.append(contentsOf: string.utf8)
  }

  public mutating func pad(toMultipleOf alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }
}
