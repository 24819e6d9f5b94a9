import Tokenizers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension JSONFile {
  /// `rope_parameters` of transformers 5 or `rope_scaling` of those before; of layers that see everything
  /// where layers differ.
  func rotaryParameters() throws -> JSONValue {
    let all = self["rope_parameters"] ?? self["rope_scaling"] ?? .object([])
    let parameters = Self.present(all["full_attention"]) ?? all
    guard case .object = parameters else { throw bad("rope_parameters", "an object", parameters) }
    return parameters
  }

  /// How these are stretched: `rope_type`, before `type`, in small letters.
  func rotaryType() throws -> String {
    let parameters = try rotaryParameters()
    let type = try string("rope_type", of: parameters) ?? string("type", of: parameters)
    return type?.lowercased() ?? "default"
  }

  /// By what queries and keys grow with YaRN, where that is not the paper's value: as it stands, or as two
  /// scales give it.
  ///
  /// - Source: `_compute_yarn_parameters` of transformers 5.
  func yarnAttentionFactor(of parameters: JSONValue) throws -> Double? {
    let stated =
      try number("attention_factor", of: parameters) ?? number("attn_factor", of: parameters)
    if let stated { return stated }
    guard let scale = try number("mscale", of: parameters), scale != 0,
      let other = try number("mscale_all_dim", of: parameters), other != 0,
      let factor = try number("factor", of: parameters)
    else { return nil }
    func growth(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
    return growth(scale) / growth(other)
  }
}
