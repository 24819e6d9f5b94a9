/// What a machine reaches at most: the rates that measured speeds are set beside.
public struct Ceilings: Sendable, Hashable, Codable {
  /// Bytes a second read from memory.
  public var memoryRead: Double
  /// Multiply-adds of signed bytes a second.
  public var int8Macs: Double
  /// Single-precision multiply-adds a second.
  public var floatMacs: Double

  public init(memoryRead: Double, int8Macs: Double, floatMacs: Double) {
    self.memoryRead = memoryRead
    self.int8Macs = int8Macs
    self.floatMacs = floatMacs
  }

  private enum CodingKeys: String, CodingKey {
    case memoryRead = "memory_read"
    case int8Macs = "int8_macs"
    case floatMacs = "float_macs"
  }
}
