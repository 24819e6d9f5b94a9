extension Recipe {
  /// Other spellings: those of llama.cpp's quantizer, and the short name of MXFP4_MOE.
  private static let aliases = [
    "Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M", "MXFP4": "MXFP4_MOE",
  ]

  /// The recipe with this name, in any mixture of capitals, or with this number of
  /// `general.file_type`, as llama.cpp's quantizer takes them.
  public init?(named name: String) {
    let wanted = name.uppercased()
    let canonical = Self.aliases[wanted] ?? wanted
    let number = name.allSatisfy { $0.isASCII && $0.isNumber } ? UInt32(name) : nil
    let found = Self.table.first { $0.name == canonical || $0.fileType == number }
    guard let found else { return nil }
    self = found
  }

  /// The name that was perhaps meant, if any is near: letters and digits count, signs do not.
  public static func nearestName(to name: String) -> String? {
    func essence(_ name: String) -> [Character] {
      name.uppercased().filter { $0.isLetter || $0.isNumber }
    }
    let wanted = essence(name)
    let ranked = table.map { recipe -> (name: String, distance: Int, common: Int) in
      let own = essence(recipe.name)
      let common = zip(own, wanted).prefix { $0 == $1 }.count
      return (recipe.name, editDistance(own, wanted), common)
    }
    let nearest = ranked.min { ($0.distance, $1.common) < ($1.distance, $0.common) }
    return nearest.flatMap { $0.distance * 2 <= wanted.count ? $0.name : nil }
  }

  /// Insertions, deletions and replacements that lead from one word to the other.
  private static func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    var row = Array(0...second.count)
    for (index, character) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in second.enumerated() {
        let replaced = diagonal + (character == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }
}
