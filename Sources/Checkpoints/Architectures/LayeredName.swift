/// A tensor name with the number of its layer taken out.
struct LayeredName: Hashable {
  /// As ``TensorPair`` spells it, with `#` for the number.
  let pattern: String
  let layer: Int?

  init(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for (place, part) in parts.enumerated() {
      // Only the plain spelling of a number names a layer, so that no two names mean the same one.
      guard let number = Int(part), number >= 0, String(number) == part else { continue }
      parts[place] = "#"
      pattern = parts.joined(separator: ".")
      layer = number
      return
    }
    pattern = name
    layer = nil
  }

  /// The name that `pattern` has in `layer`.
  static func spell(_ pattern: String, layer: Int?) -> String {
    guard let layer, let place = pattern.firstIndex(of: "#") else { return pattern }
    return pattern[..<place] + String(layer) + pattern[pattern.index(after: place)...]
  }
}
