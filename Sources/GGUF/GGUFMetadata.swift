/// The key-value pairs of a GGUF file, in the order of the file.
public struct GGUFMetadata: Sendable {
  public typealias Entry = (key: String, value: GGUFValue)

  /// A value, or a list of strings that nobody has asked for as such.
  enum Stored: Sendable {
    case value(GGUFValue)
    case texts(GGUFTextList)

    var value: GGUFValue {
      switch self {
      case .value(let value): value
      case .texts(let list): .array(list.array)
      }
    }
  }

  private var stored: [(key: String, value: Stored)] = []
  private var positions: [String: Int] = [:]

  public init() {}

  /// - Parameter entries: Later values of a repeated key replace earlier ones.
  public init(_ entries: [Entry]) {
    for (key, value) in entries { self[key] = value }
  }

  /// Keys and values in file order; no key stands twice.
  ///
  /// - Complexity: O(all values): lists of strings are made when asked for.
  public var entries: [Entry] { stored.map { ($0.key, $0.value.value) } }

  public var count: Int { stored.count }

  public func contains(_ key: String) -> Bool { positions[key] != nil }

  /// The value of `key`. A new key goes to the end; `nil` removes the key.
  ///
  /// - Complexity: O(elements) for a list of strings, each time.
  public subscript(key: String) -> GGUFValue? {
    get { positions[key].map { stored[$0].value.value } }
    set {
      switch (positions[key], newValue) {
      case (let position?, let value?):
        stored[position].value = .value(value)
      case (nil, let value?):
        append(key, .value(value))
      case (let position?, nil):
        stored.remove(at: position)
        positions = Dictionary(
          uniqueKeysWithValues: stored.enumerated().map { ($0.element.key, $0.offset) })
      case (nil, nil):
        break
      }
    }
  }

  /// Adds a key that is not there yet.
  mutating func append(_ key: String, _ value: Stored) {
    positions[key] = stored.count
    stored.append((key, value))
  }

  public var keys: [String] { stored.map(\.key) }

  /// A list of strings by its bytes.
  package func texts(_ key: String) -> GGUFTextList? {
    switch positions[key].map({ stored[$0].value }) {
    case .texts(let list): list
    case .value(.array(.string(let list))): GGUFTextList(list)
    case .value(.array(.malformedString(let list))): GGUFTextList(list)
    case .value, nil: nil
    }
  }
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
