/// A tensor name with the numbers of its layer and of its expert taken out.
struct LayeredName: Hashable {
  /// As ``TensorPair`` spells it, with `#` for each number.
  let pattern: String
  let layer: Int?
  /// The number in `experts.7`, behind that of the layer.
  let expert: Int?

  init(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    var layer: Int?
    var expert: Int?
    for (place, part) in parts.enumerated() {
      // Only the plain spelling of a number counts, so that no two names mean the same one.
      guard let number = Int(part), number >= 0, String(number) == part else { continue }
      if layer == nil {
        layer = number
      } else if place > 0, parts[place - 1] == "experts" {
        expert = number
      } else {
        continue
      }
      parts[place] = "#"
      if expert != nil { break }
    }
    pattern = parts.joined(separator: ".")
    self.layer = layer
    self.expert = expert
  }

  /// The name that `pattern` has in `layer`, for `expert` where each has a tensor of its own.
  static func spell(_ pattern: String, layer: Int?, expert: Int? = nil) -> String {
    [layer, expert].reduce(pattern) { name, number in
      guard let number, let place = name.firstIndex(of: "#") else { return name }
      return name[..<place] + String(number) + name[name.index(after: place)...]
    }
  }
}
