import GGUF
import SystemPackage
import Tokenizers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is said about a model as a whole: its name, size, licence and sampling defaults.
///
/// - Source: `Metadata.load` and `set_gguf_meta_model` in gguf-py's metadata.py (gguf 0.19).
struct GeneralMetadata {
  private let names: [ModelName]
  private let parameters: ParameterCount
  private var parameterCount: Int { parameters.total }
  private let card: ModelCard
  private let generation: JSONFile?

  init(folder: FilePath, config: JSONFile, parameters: ParameterCount) throws {
    self.parameters = parameters
    card = try ModelCard(folder: folder)
    do {
      generation = try JSONFile.ifPresent(folder.appending("generation_config.json"))
    } catch is CheckpointError {
      generation = nil  // Models with a malformed one exist; nothing but defaults hangs on it.
    }
    var ids: [String] = []
    // A name of two parts; more are a path of somebody's machine.
    if let id = config["_name_or_path"]?.string, id.count(where: { $0 == "/" }) <= 1, !id.isEmpty {
      ids.append(id)
    }
    ids.append(Self.name(of: folder))
    names = ids.map { ModelName($0, parameterCount: parameters.total) }
  }

  private static func name(of folder: FilePath) -> String {
    if let id = cachedID(folder) { return id }
    if let name = folder.lastComponent, name.kind == .regular { return name.string }
    guard let resolved = folder.withPlatformString({ realpath($0, nil) }) else { return "" }
    defer { free(resolved) }
    return FilePath(platformString: resolved).lastComponent?.string ?? ""
  }

  /// `ORG/NAME`, where the folder is the hub's cache of a commit: `models--ORG--NAME/snapshots/COMMIT`.
  private static func cachedID(_ folder: FilePath) -> String? {
    let names = folder.components.suffix(3).map(\.string)
    guard names.count == 3, names[1] == "snapshots", names[0].hasPrefix("models--") else {
      return nil
    }
    return String(names[0].dropFirst("models--".count)).replacing("--", with: "/")
  }

  func append(to metadata: inout GGUFMetadata) {
    func set(_ key: String, _ text: String?) {
      if let text { metadata["general.\(key)"] = .string(text) }
    }
    func first(_ part: KeyPath<ModelName, String?>) -> String? {
      names.lazy.compactMap { $0[keyPath: part] }.first
    }
    appendSampling(to: &metadata)
    /// What the card says under one of these keys, or else what the names say.
    func known(_ key: String, _ more: String..., else other: String? = nil) {
      set(key, ([key, "model_" + key] + more).lazy.compactMap(card.text).first ?? other)
    }
    known("name", else: ModelName.title(names.first?.name ?? ""))
    known("author", "model_creator")
    known("version", else: first(\.version))
    known("organization", else: first(\.organization).map(ModelName.title))
    known("finetune", else: first(\.finetune))
    known("basename", "model_type", else: first(\.basename))
    known("description")
    known(
      "size_label",
      else: first(\.sizeLabel)
        ?? (parameterCount > 0 ? parameters.label : nil))
    set("license", card.list("license")?.joined(separator: ","))
    set("license.name", card.text("license_name"))
    set("license.link", card.text("license_link"))
    appendRelatives("base_model", ["base_model", "base_models"], to: &metadata)
    appendRelatives("dataset", ["datasets", "dataset"], to: &metadata)
    let tags = (card.list("tags") ?? []) + (card.list("pipeline_tag") ?? [])
    if !tags.isEmpty { metadata["general.tags"] = .array(.string(tags)) }
    let languages = (card.list("languages") ?? []) + (card.list("language") ?? [])
    if !languages.isEmpty { metadata["general.languages"] = .array(.string(languages)) }
  }

  private func appendSampling(to metadata: inout GGUFMetadata) {
    guard let generation else { return }
    func set(_ key: String, from sources: String...) {
      guard let number = sources.lazy.compactMap({ generation[$0]?.double }).first else { return }
      metadata["general.sampling.\(key)"] = .float32(Float(number))
    }
    func setWhole(_ key: String) {
      guard let number = generation[key]?.integer, let value = Int32(exactly: number) else {
        return
      }
      metadata["general.sampling.\(key)"] = .int32(value)
    }
    if let text = generation["sequence"]?.string {
      metadata["general.sampling.sequence"] = .string(text)
    }
    setWhole("top_k")
    set("top_p", from: "top_p")
    set("min_p", from: "min_p")
    set("xtc_probability", from: "xtc_probability")
    set("xtc_threshold", from: "xtc_threshold")
    set("temp", from: "temperature")
    setWhole("penalty_last_n")
    set("penalty_repeat", from: "penalty_repeat", "repetition_penalty")
    setWhole("mirostat")
    set("mirostat_tau", from: "mirostat_tau")
    set("mirostat_eta", from: "mirostat_eta")
  }

  /// Models and datasets that this one comes from, where the card names them as `organization/name`.
  private func appendRelatives(
    _ kind: String, _ keys: [String], to metadata: inout GGUFMetadata
  ) {
    guard let ids = keys.lazy.compactMap(card.list).first else { return }
    metadata["general.\(kind).count"] = .uint32(UInt32(ids.count))
    for (number, id) in ids.enumerated() {
      func set(_ key: String, _ text: String?) {
        if let text { metadata["general.\(kind).\(number).\(key)"] = .string(text) }
      }
      let isAddress = id.contains("://")
      let host = "://huggingface.co/"
      let place = id.firstRange(of: host).map { String(id[$0.upperBound...]) } ?? id
      guard !isAddress || id.contains(host) && place.count(where: { $0 == "/" }) == 1 else {
        set("repo_url", id)
        continue
      }
      let name = ModelName(place, parameterCount: parameterCount)
      set("name", ModelName.title(name.name))
      set("version", name.version)
      set("organization", name.organization.map(ModelName.title))
      let address = name.organization.map { "https://huggingface.co/\($0)/\(name.name)" }
      set("repo_url", isAddress ? id : address)
    }
  }
}
