/// Which byte of a number comes first.
public enum ByteOrder: String, Sendable, Hashable, CaseIterable {
  /// The lowest: safetensors, nearly every GGUF, and the machines that this program runs on.
  case little
  /// The highest: a GGUF for s390x and the like.
  case big

  /// `value` as its bytes stand in a file of this order, or the reverse.
  public func ordered<Value: FixedWidthInteger>(_ value: Value) -> Value {
    self == .little ? value.littleEndian : value.bigEndian
  }
}
