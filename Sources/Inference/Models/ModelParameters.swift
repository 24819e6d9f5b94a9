internal import CKernels
internal import GGUF

/// Reads one architecture's metadata, `ARCHITECTURE.KEY`, and checks what it reads.
struct ModelParameters {
  let metadata: GGUFMetadata
  let architecture: String

  private func fullKey(_ key: String) -> String { "\(architecture).\(key)" }

  func has(_ key: String) -> Bool { metadata[fullKey(key)] != nil }

  /// - Parameter fallback: What a missing key means; without one it is an error.
  func integer(
    _ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil
  ) throws(ModelError) -> Int {
    let name = fullKey(key)
    guard let value = metadata[name] else {
      if let fallback { return fallback }
      throw .missingKey(name)
    }
    guard let integer = metadata.integer(name) else {
      throw .badValue(key: name, found: "\(value)", expected: "an integer")
    }
    guard range.contains(integer) else {
      throw .badValue(
        key: name, found: "\(integer)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  /// A finite number above zero.
  func positive(_ key: String, default fallback: Float? = nil) throws(ModelError) -> Float {
    let name = fullKey(key)
    guard let value = metadata[name] else {
      if let fallback { return fallback }
      throw .missingKey(name)
    }
    guard let number = metadata.float(name), number.isFinite, number > 0 else {
      throw .badValue(key: name, found: "\(value)", expected: "a number above 0")
    }
    return Float(number)
  }

  /// A finite number of any sign, or `nil` where the file has none.
  func number(_ key: String) throws(ModelError) -> Double? {
    let name = fullKey(key)
    guard let value = metadata[name] else { return nil }
    guard let number = metadata.float(name), number.isFinite else {
      throw .badValue(key: name, found: "\(value)", expected: "a number")
    }
    return number
  }

  /// A finite number, 0 or above.
  func number(_ key: String, default fallback: Float) throws(ModelError) -> Float {
    let name = fullKey(key)
    guard let value = metadata[name] else { return fallback }
    guard let number = metadata.float(name), number.isFinite, number >= 0 else {
      throw .badValue(key: name, found: "\(value)", expected: "a number from 0 on")
    }
    return Float(number)
  }

  /// Positions that a token of a layer with a window sees, itself included; 0 for all.
  func window(default fallback: Int) throws(ModelError) -> Int {
    try integer("attention.sliding_window", in: 0...Int(UInt32.max), default: fallback)
  }

  /// Which layers have a window: as the file lists them, or all but the last of each period.
  func slidingPattern(layerCount: Int, period fallback: Int) throws(ModelError) -> [Bool] {
    let key = "attention.sliding_window_pattern"
    let name = fullKey(key)
    if let value = metadata[name], case .array(.bool(let list)) = value {
      guard list.count >= layerCount else {
        throw .badValue(key: name, found: "\(list.count) values", expected: "\(layerCount)")
      }
      return Array(list.prefix(layerCount))
    }
    let period = try integer(key, in: 0...Int(UInt32.max), default: fallback)
    return (0..<layerCount).map { period > 0 && $0 % period < period - 1 }
  }

  func flag(_ key: String) -> Bool? { metadata.bool(fullKey(key)) }

  func string(_ key: String) -> String? { metadata.string(fullKey(key)) }
}

/// Bounds on what a file may ask for; beyond them sizes would overflow long before memory ends.
enum ModelLimits {
  static let layers = 1...4096
  static let width = 1...(1 << 20)
  static let heads = 1...(1 << 16)
  static let experts = 1...(1 << 16)
  static let usedExperts = 256
  static let headDim = 1...Int(QUERN_MAX_HEAD_DIM)
  static let contextLength = 1...(1 << 30)
}
