import GGUF

/// The model card of a folder, `README.md`: what the GGUF says about the model as a whole.
///
/// Converters read the front matter back, so that nothing is lost on the way.
struct CardWriter {
  private let metadata: GGUFMetadata

  init(_ metadata: GGUFMetadata) { self.metadata = metadata }

  private static let texts = [
    "name", "author", "version", "organization", "finetune", "basename", "description",
    "size_label",
  ]

  var text: String {
    var lines = ["---"]
    func add(_ key: String, _ value: String?) {
      if let quoted = value.flatMap(Self.quoted) { lines.append("\(key): \(quoted)") }
    }
    func add(_ key: String, _ values: [String]?) {
      let quoted = (values ?? []).compactMap(Self.quoted)
      if !quoted.isEmpty { lines += ["\(key):"] + quoted.map { "- \($0)" } }
    }
    for key in Self.texts { add(key, metadata.string("general.\(key)")) }
    add("license", metadata.string("general.license"))
    add("license_name", metadata.string("general.license.name"))
    add("license_link", metadata.string("general.license.link"))
    add("base_model", relatives("base_model"))
    add("datasets", relatives("dataset"))
    add("tags", metadata.strings("general.tags"))
    add("language", metadata.strings("general.languages"))
    lines.append("---")
    let name = metadata.string("general.name").flatMap(Self.quoted)?.dropFirst().dropLast()
    lines += ["", "# \(name.map(String.init) ?? "Model")", ""]
    return lines.joined(separator: "\n")
  }

  /// `organization/name` or the address of each, where one is known.
  private func relatives(_ kind: String) -> [String]? {
    metadata.integer("general.\(kind).count").map { count in
      (0..<max(0, min(count, metadata.count))).compactMap { number in
        metadata.string("general.\(kind).\(number).repo_url").map {
          String($0.trimmingPrefix("https://huggingface.co/"))
        }
      }
    }
  }

  /// A YAML text in quotes; `nil` for what would need escapes.
  private static func quoted(_ text: String) -> String? {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.value >= 0x20 && $0 != "\"" && $0 != "\\" && !(0x7F...0x9F).contains($0.value)
        && $0.value != 0x2028 && $0.value != 0x2029
    }
    return isPlain && !text.isEmpty ? "\"\(text)\"" : nil
  }
}
