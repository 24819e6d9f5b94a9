import ArgumentParser
import Conversion
import TensorCore

/// What `--type` takes: the name or number of a recipe, or `COPY` for every tensor as it is.
struct Mixture: Sendable {
  /// `nil` for a copy.
  let recipe: Recipe?

  init(parsing name: String) throws {
    recipe = name.uppercased() == "COPY" ? nil : try Self.recipe(name)
  }

  static func recipe(_ name: String) throws -> Recipe {
    if let recipe = Recipe(named: name) { return recipe }
    let nearest = Recipe.nearestName(to: name).map { ", the nearest is \($0)" } ?? ""
    let names = Recipe.table.map(\.name).joined(separator: ", ")
    throw ValidationError("no type is called '\(name.printable)'\(nearest); there are \(names)")
  }

  /// Every name, for help.
  static let list = """
    Types, by bits of a weight (* takes an importance matrix):
      plain  F32, F16, BF16; COPY leaves every tensor as it is
      8      Q8_0
      6      Q6_K
      5      Q5_K_M, Q5_K_S, Q5_1, Q5_0
      4      Q4_K_M, Q4_K_S, Q4_1, Q4_0, IQ4_NL, IQ4_XS, NVFP4, MXFP4_MOE (the rest Q8_0)
      3      Q3_K_L, Q3_K_M, Q3_K_S, IQ3_M, IQ3_S, IQ3_XS*, IQ3_XXS*
      2      Q2_K, Q2_K_S*, IQ2_M*, IQ2_S*, IQ2_XS*, IQ2_XXS*, Q2_0, TQ2_0
      1      IQ1_M*, IQ1_S*, TQ1_0, Q1_0
    """
}
