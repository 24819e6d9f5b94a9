/// What a file says of the set that it is a part of.
///
/// - Source: the keys that llama.cpp's tools/gguf-split writes.
struct GGUFSplit: Hashable {
  static let numberKey = "split.no"
  static let countKey = "split.count"
  static let tensorCountKey = "split.tensors.count"

  /// From 0.
  let index: Int
  let count: Int
  /// Tensors of all files, where the file says it.
  let tensorCount: Int?

  /// `nil` for a file that is whole: it counts no parts, or one, or none as after a merge by llama.cpp.
  init?(_ metadata: GGUFMetadata) throws(GGUFError) {
    guard metadata[Self.countKey] != nil else { return nil }
    count = try Self.integer(Self.countKey, in: metadata, atMost: GGUFPartName.countLimit)
    guard count > 1 else { return nil }
    index = try Self.integer(Self.numberKey, in: metadata, atMost: count - 1)
    tensorCount =
      metadata[Self.tensorCountKey] == nil
      ? nil : try Self.integer(Self.tensorCountKey, in: metadata, atMost: Int(Int32.max))
  }

  private static func integer(
    _ key: String, in metadata: GGUFMetadata, atMost limit: Int
  ) throws(GGUFError) -> Int {
    guard let value = metadata.integer(key), (0...limit).contains(value) else {
      throw mismatch(key, in: metadata, expected: "an integer from 0 to \(limit)")
    }
    return value
  }

  /// The error for a key that does not fit the rest of the set.
  static func mismatch(
    _ key: String, in metadata: GGUFMetadata, expected: String
  ) -> GGUFError {
    let found = metadata[key].map { value in
      value.integer.map(String.init) ?? "a value of type \(value.typeName)"
    }
    return GGUFError(.splitMismatch(expected: expected, found: found ?? "nothing"), key: key)
  }

  /// Checks that a file is the part of this set that its place says.
  ///
  /// - Parameters:
  ///   - metadata: Of the file.
  ///   - first: What the first part says.
  static func check(
    _ metadata: GGUFMetadata, at index: Int, of first: GGUFSplit
  ) throws(GGUFError) {
    let found = try GGUFSplit(metadata)
    guard found?.count == first.count else {
      throw mismatch(countKey, in: metadata, expected: "\(first.count)")
    }
    guard found?.index == index else {
      throw mismatch(numberKey, in: metadata, expected: "\(index)")
    }
    guard found?.tensorCount == first.tensorCount else {
      throw mismatch(
        tensorCountKey, in: metadata, expected: first.tensorCount.map(String.init) ?? "nothing")
    }
  }
}

extension GGUFMetadata {
  /// The same without what only a part of a set says.
  var withoutSplit: Self {
    var metadata = self
    for key in [GGUFSplit.numberKey, GGUFSplit.countKey, GGUFSplit.tensorCountKey] {
      metadata[key] = nil
    }
    return metadata
  }
}
