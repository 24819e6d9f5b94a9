import GGUF

/// A GGUF of a repository: one file, or the parts of a split one.
struct GGUFModel {
  /// In the order of their numbers.
  let parts: [HubFile]
  /// How many parts their names promise.
  let count: Int

  /// The models of a repository, without what only goes with one: projectors and importance matrices.
  static func models(in all: [HubFile]) -> [GGUFModel] {
    var models: [GGUFModel] = []
    var sets: [String: (files: [HubFile], count: Int)] = [:]
    for file in all where file.name.lowercased().hasSuffix(".gguf") && !file.isCompanion {
      if let part = GGUFPartName(file.name) {
        sets[file.folder + part.stem + "/\(part.count)", default: ([], part.count)].files
          .append(file)
      } else {
        models.append(GGUFModel(parts: [file], count: 1))
      }
    }
    models += sets.values.map { set in
      GGUFModel(parts: set.files.sorted { $0.name < $1.name }, count: set.count)
    }
    return models.sorted { $0.name < $1.name }
  }

  /// The whole set of which a file is a part; the file alone when it is of none.
  static func parts(
    of file: HubFile, in all: [HubFile], _ failure: (HubError.Reason) -> HubError
  ) throws -> [HubFile] {
    guard let part = GGUFPartName(file.name) else { return [file] }
    let parts = all.filter { other in
      other.folder == file.folder
        && GGUFPartName(other.name).map { $0.stem == part.stem && $0.count == part.count } ?? false
    }
    return try GGUFModel(parts: parts.sorted { $0.name < $1.name }, count: part.count)
      .whole(failure)
  }

  /// All parts.
  ///
  /// - Throws: ``HubError`` with `.incomplete` when one is missing.
  func whole(_ failure: (HubError.Reason) -> HubError) throws -> [HubFile] {
    guard parts.count != count, let first = parts.first, let part = GGUFPartName(first.name) else {
      return parts
    }
    let names = Set(parts.map(\.name))
    let missing = (1...part.count).lazy.map { part.part($0).fileName }
      .first { !names.contains($0) }
    throw failure(.incomplete(name, missing: missing ?? name))
  }

  /// The path without the number of a part.
  private var name: String {
    guard let first = parts.first else { return "" }
    return GGUFPartName(first.name).map { first.folder + $0.stem } ?? first.path
  }

  /// How it is listed.
  var label: String { parts.count > 1 ? "\(name) in \(parts.count) parts" : name }

  /// Whether a word could be the name of a type rather than of a file.
  static func isTypeName(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil
  }

  /// Whether the path has the type's name as a word of its own: `Q4_K` is not in `Q4_K_M`.
  func hasType(_ type: String) -> Bool {
    guard let path = parts.first?.path.lowercased() else { return false }
    let type = type.lowercased()
    var rest = path[...]
    while let place = rest.firstRange(of: type) {
      let before = path[..<place.lowerBound].last
      let after = path[place.upperBound...].first
      if !Self.isWordCharacter(before), !Self.isWordCharacter(after) { return true }
      rest = rest[place.upperBound...]
    }
    return false
  }

  private static func isWordCharacter(_ character: Character?) -> Bool {
    character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
  }
}

extension HubFile {
  /// The folder with its slash; empty at the root.
  fileprivate var folder: String { String(path.dropLast(name.count)) }

  /// Whether it goes with a model and is none.
  fileprivate var isCompanion: Bool {
    let name = name.lowercased()
    return name.contains("mmproj") || name.contains("imatrix")
  }
}
