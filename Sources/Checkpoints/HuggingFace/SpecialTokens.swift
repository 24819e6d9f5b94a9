import GGUF
import SystemPackage
import Tokenizers

/// The tokens with a role, and which of them surround a text.
///
/// - Source: `SpecialVocab` in gguf-py's vocab.py (gguf 0.19).
struct SpecialTokens {
  /// Keys after `tokenizer.ggml.` with token ids, in the order of a GGUF.
  private(set) var ids: [(key: String, id: UInt32)] = []
  private(set) var adds: [(key: String, value: Bool)] = []

  private static let roles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]
  private static let idKeys = [
    "bos": "bos_token_id", "eos": "eos_token_id", "unk": "unknown_token_id",
    "sep": "seperator_token_id", "pad": "padding_token_id", "cls": "cls_token_id",
    "mask": "mask_token_id", "eot": "eot_token_id", "eom": "eom_token_id",
  ]

  private var roles = Self.roles
  /// The text of the token of each role.
  fileprivate var texts: [String: String] = [:]
  private var addsByRole: [(role: String, value: Bool)] = []

  /// - Parameter tokenizer: `nil` where the folder has no `tokenizer.json`.
  init(tokenizer: JSONFile?, settings: JSONFile?, config: JSONFile) throws {
    for role in Self.roles {
      let token = settings?[role + "_token"]
      texts[role] = token?.string ?? token?["content"]?.string
    }
    if let processor = tokenizer?["post_processor"] {
      for part in processor["processors"]?.array ?? [processor] { readFrame(part) }
    }
    if let settings {
      let added = tokenizer?["added_tokens"]?.array ?? []
      for role in roles {
        if let adds = settings["add_\(role)_token"]?.bool,
          !addsByRole.contains(where: { $0.role == role })
        {
          addsByRole.append((role, adds))
        }
        if let text = texts[role] {
          setID(role, added.first { $0["content"]?.string == text }?["id"]?.integer)
        }
      }
    }
    for role in roles { setID(role, config[role + "_token_id"]?.integer) }
    adds = addsByRole.compactMap { role, value in
      ["bos", "eos", "sep"].contains(role) ? ("add_\(role)_token", value) : nil
    }
  }

  /// Gives a role that no file gives to an added token; does nothing without that token.
  mutating func set(_ role: String, toAdded text: String, in tokenizer: JSONFile) {
    let added = tokenizer["added_tokens"]?.array ?? []
    setID(role, added.first { $0["content"]?.string == text }?["id"]?.integer)
  }

  /// Gives a role that no file gives.
  mutating func set(_ role: String, to id: Int?) { setID(role, id) }

  private mutating func setID(_ role: String, _ id: Int?) {
    guard let id, let number = UInt32(exactly: id), let key = Self.idKeys[role],
      !ids.contains(where: { $0.key == key })
    else { return }
    ids.append((key, number))
  }

  fileprivate mutating func setAdds(_ role: String, _ value: Bool) {
    if let place = addsByRole.firstIndex(where: { $0.role == role }) {
      addsByRole[place].value = value
    } else {
      addsByRole.append((role, value))
    }
  }

  /// Learns from one post-processor which tokens surround a text.
  private mutating func readFrame(_ processor: JSONValue) {
    switch processor["type"]?.string {
    case "ByteLevel":
      for role in ["bos", "eos"] where !addsByRole.contains(where: { $0.role == role }) {
        addsByRole.append((role, false))
      }
    case "TemplateProcessing":
      let single = processor["single"]?.array ?? []
      defer { readPair(processor["pair"]?.array ?? [], single: single) }
      guard single.count > 1 else { return }
      if let first = single.first?["SpecialToken"]?["id"]?.string {
        if texts["bos"] == nil { texts["bos"] = first }
        setAdds("bos", first == texts["bos"] || first == texts["cls"])
      }
      if let last = single.last?["SpecialToken"]?["id"]?.string {
        // A template that ends in another token than the declared end makes that one the end of a turn.
        if let end = texts["eos"], end != last {
          roles.append("eot")
          texts["eot"] = end
        }
        texts["eos"] = last
        setAdds("eos", true)
      }
    default: break
    }
  }
}

extension SpecialTokens {
  /// Learns from the template of a pair of texts whether a token separates them.
  fileprivate mutating func readPair(_ pair: [JSONValue], single: [JSONValue]) {
    func special(_ item: JSONValue?) -> String? { item?["SpecialToken"]?["id"]?.string }
    let first = single.count > 1 ? special(single.first) : nil
    let last = single.count > 1 ? special(single.last) : nil
    var rest = pair[...]
    if first != nil, special(rest.first) == first { rest = rest.dropFirst() }
    if last != nil, special(rest.last) == last { rest = rest.dropLast() }
    guard rest.first?["Sequence"]?["id"]?.string == "A",
      rest.last?["Sequence"]?["id"]?.string == "B"
    else { return }
    let between = rest.dropFirst().dropLast()
    guard !between.isEmpty else { return }
    let separators = [texts["sep"], texts["eos"]].compactMap { $0 }
    func separates(_ item: JSONValue?) -> Bool { special(item).map(separators.contains) ?? false }
    let adds =
      separates(between.first) && last == nil || between.count == 2 && separates(between.last)
    setAdds("sep", adds)
    if adds, texts["sep"] == nil { texts["sep"] = texts["eos"] }
  }
}

/// The chat template of a checkpoint, or several by name.
struct ChatTemplates {
  var standard: String?
  private var named: [(name: String, source: String)] = []

  init(folder: FilePath, settings: JSONFile?) throws {
    // Without settings the reference looks for none.
    guard let settings else { return }
    if let template = settings["chat_template"] {
      read(template)
    } else if let source = try FileSystem.textIfPresent(folder.appending("chat_template.jinja")) {
      standard = source
    } else if let file = try JSONFile.ifPresent(folder.appending("chat_template.json")) {
      if let template = file["chat_template"] { read(template) }
    }
  }

  var isEmpty: Bool { standard == nil && named.isEmpty }

  private mutating func read(_ template: JSONValue) {
    standard = template.string
    for entry in template.array ?? [] {
      guard let name = entry["name"]?.string, let source = entry["template"]?.string else {
        continue
      }
      if name == "default" {
        standard = source
      } else if !name.isEmpty {
        let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        named.append((String(plain), source))
      }
    }
  }

  func append(to metadata: inout GGUFMetadata) {
    for (name, source) in named { metadata["tokenizer.chat_template.\(name)"] = .string(source) }
    if !named.isEmpty {
      metadata["tokenizer.chat_templates"] = .array(.string(named.map(\.name)))
    }
    if let standard { metadata["tokenizer.chat_template"] = .string(standard) }
  }
}
