public import GGUF

/// What is to change in the header of a file; tensor data stay as they are.
public struct Edit: Sendable {
  /// New values of keys, in the order in which keys that are new are appended.
  public var values: [(key: String, value: GGUFValue)] = []
  /// Each must be there.
  public var removedKeys: [String] = []
  public var renamedTensors: [(old: String, new: String)] = []
  /// Keep the seal of a file that has one; without, take it away.
  public var isSealed = true
  /// Seal a copy of a file that has no seal.
  public var addsSeal = false
  /// Do what leaves a file that may not work, where whoever asks may know better.
  public var isForced = false
  /// Bytes to leave free in the header of a copy, for later edits in place.
  public var roomByteCount: Int?

  public init() {}

  public var isEmpty: Bool {
    values.isEmpty && removedKeys.isEmpty && renamedTensors.isEmpty && isSealed
  }

  /// The key that appears twice in this edit, if any does.
  var repeatedKey: String? {
    var seen: Set<String> = []
    return (values.map(\.key) + removedKeys).first { !seen.insert($0).inserted }
  }
}

/// One thing that an edit does.
public struct EditChange: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable { case added, changed, removed, renamed }

  public let kind: Kind
  /// A key, or a tensor where it is renamed.
  public let name: String
  /// The value before; nil where there was none, and of a tensor.
  public let old: GGUFValue?
  /// The value after, nil where none is left; the new name of a tensor.
  public let new: GGUFValue?

  init(_ kind: Kind, _ name: String, old: GGUFValue? = nil, new: GGUFValue? = nil) {
    self.kind = kind
    self.name = name
    self.old = old
    self.new = new
  }
}
