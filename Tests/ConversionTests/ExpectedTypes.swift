import Conversion
import Testing

/// Types that llama.cpp gives the tensors of a model under one recipe.
struct ExpectedTypes {
  let recipe: Recipe
  let hasImportance: Bool
  let base: String
  /// The tensors that get another type than the base.
  var others: [String: String] = [:]

  /// Reads sections of `[RECIPE] base` or `[RECIPE imatrix] base`, then `blk.{0-3,7}.attn_v.weight q5_K`.
  static func read(_ file: String) throws -> [Self] {
    var sections: [Self] = []
    for words in try ModelOutline.lines(file) {
      if words[0].hasPrefix("[") {
        let heading = words.dropLast().joined(separator: " ").dropFirst().dropLast()
          .split(separator: " ")
        sections.append(
          Self(
            recipe: try #require(Recipe(named: String(heading[0]))),
            hasImportance: heading.count > 1, base: words[words.count - 1].uppercased()))
      } else {
        for name in names(words[0]) {
          sections[sections.count - 1].others[name] = words[1].uppercased()
        }
      }
    }
    return sections
  }

  private static func names(_ pattern: String) -> [String] {
    let parts = pattern.split { $0 == "{" || $0 == "}" }.map(String.init)
    guard parts.count == 3 else { return [pattern] }
    return LayerNumbers.of(parts[1]).map { parts[0] + "\($0)" + parts[2] }
  }
}
