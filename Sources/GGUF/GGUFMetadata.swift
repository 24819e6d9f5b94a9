/// The key-value pairs of a GGUF file, in the order of the file.
public struct GGUFMetadata: Sendable {
  public typealias Entry = (key: String, value: GGUFValue)

  /// Keys and values in file order; no key stands twice.
  public private(set) var entries: [Entry] = []
  private var positions: [String: Int] = [:]

  public init() {}

  /// - Parameter entries: Later values of a repeated key replace earlier ones.
  public init(_ entries: [Entry]) {
    for (key, value) in entries { self[key] = value }
  }

  /// The value of `key`. A new key goes to the end; `nil` removes the key.
  public subscript(key: String) -> GGUFValue? {
    get { positions[key].map { entries[$0].value } }
    set {
      switch (positions[key], newValue) {
      case (let position?, let value?):
        entries[position].value = value
      case (nil, let value?):
        positions[key] = entries.count
        entries.append((key, value))
      case (let position?, nil):
        entries.remove(at: position)
        positions = Dictionary(
          uniqueKeysWithValues: entries.enumerated().map { ($0.element.key, $0.offset) })
      case (nil, nil):
        break
      }
    }
  }

  public var keys: [String] { entries.map(\.key) }
}

// MARK: - Values of a kind, whatever their width

extension GGUFMetadata {
  public func string(_ key: String) -> String? {
    if case .string(let value)? = self[key] { value } else { nil }
  }

  public func integer(_ key: String) -> Int? { self[key]?.integer }

  /// A float of either width, or an integer.
  public func float(_ key: String) -> Double? {
    switch self[key] {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: integer(key).map(Double.init)
    }
  }

  public func bool(_ key: String) -> Bool? {
    if case .bool(let value)? = self[key] { value } else { nil }
  }

  public func array(_ key: String) -> GGUFArray? {
    if case .array(let value)? = self[key] { value } else { nil }
  }

  /// A list of strings; bytes that are not UTF-8 are replaced as Swift repairs them.
  public func strings(_ key: String) -> [String]? {
    switch array(key) {
    case .string(let list): list
    case .malformedString(let list): list.map { String(decoding: $0, as: UTF8.self) }
    default: nil
    }
  }

  public func integers(_ key: String) -> [Int]? { array(key)?.integers }

  public func floats(_ key: String) -> [Float]? {
    switch array(key) {
    case .float32(let list): list
    case .float64(let list): list.map(Float.init)
    default: nil
    }
  }
}
