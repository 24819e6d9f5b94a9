import Tokenizers

/// What a folder says about how its weights are quantized.
struct QuantizationDeclaration {
  /// The file that says it.
  let file: JSONFile
  let declared: JSONValue
  /// As `transformers` calls it.
  let method: String

  /// Files beside `config.json` that say it where that does not, as older AutoGPTQ, AutoAWQ and Model
  /// Optimizer have them, and what method they mean.
  private static let files = [
    ("quantize_config.json", "gptq"), ("quant_config.json", "awq"),
    ("hf_quant_config.json", "modelopt"),
  ]

  /// Names of those files.
  static let fileNames = Set(files.map(\.0))

  /// - Returns: `nil` for plain floats.
  /// - Throws: ``CheckpointError`` for a declaration that names no method.
  init?(of config: JSONFile) throws {
    if let declared = config["quantization_config"] ?? config["compression_config"] {
      guard case .object = declared else {
        throw config.bad("quantization_config", "an object", declared)
      }
      let stated = try config.string("quant_method", of: declared)
      guard let method = stated ?? Self.method(of: declared) else {
        throw config.bad("quant_method", "the name of a method", nil)
      }
      self.init(file: config, declared: declared, method: method)
      return
    }
    for (name, method) in Self.files {
      guard let file = try JSONFile.ifPresent(config.path.folder.appending(name)) else { continue }
      let declared = file["quantization"] ?? file.root
      // Model Optimizer writes its file for plain weights too.
      if method == "modelopt", JSONFile.present(declared["quant_algo"]) == nil { continue }
      let stated = try file.string("quant_method", of: declared)
      self.init(
        file: file, declared: declared, method: stated ?? Self.method(of: declared) ?? method)
      return
    }
    return nil
  }

  private init(file: JSONFile, declared: JSONValue, method: String) {
    self.file = file
    self.declared = declared
    self.method = method
  }

  /// The method that has these keys, for writers that did not name it.
  private static func method(of declared: JSONValue) -> String? {
    let keys: [(String, String)] = [
      ("load_in_4bit", "bitsandbytes"), ("load_in_8bit", "bitsandbytes"),
      ("config_groups", "compressed-tensors"), ("quant_algo", "modelopt"), ("w_bit", "awq"),
      ("desc_act", "gptq"),
    ]
    return keys.first { JSONFile.present(declared[$0.0]) != nil }?.1
  }
}
