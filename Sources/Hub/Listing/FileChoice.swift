/// Which files of a repository a reference means, and what is left out.
public struct FileChoice: Sendable {
  public private(set) var files: [HubFile]
  /// What stays on the hub though nobody asked for that, with the reason: weights in other formats.
  public private(set) var leftOut: [(file: HubFile, why: String)] = []
  /// The file that stands for all: of a single file, or the first part of a GGUF.
  public private(set) var main: HubFile?

  /// - Parameters:
  ///   - include: Patterns of which a path must match one, when there are any.
  ///   - exclude: Patterns of which a path must match none.
  /// - Throws: ``HubError``.
  public init(
    _ reference: HubReference, from all: [HubFile], include: [String] = [], exclude: [String] = []
  ) throws {
    func failure(_ reason: HubError.Reason) -> HubError { HubError(reference.repository, reason) }
    files = []
    if let choice = reference.choice {
      try choose(choice, from: all, failure)
    } else if !include.isEmpty {
      files = all
    } else {
      try chooseCheckpoint(from: all, failure)
    }
    files = files.filter { file in
      (include.isEmpty || include.contains { PathPattern($0).matches(file.path) })
        && !exclude.contains { PathPattern($0).matches(file.path) }
    }
    if let kept = main, !files.contains(kept) { main = nil }
    guard !files.isEmpty else { throw failure(.nothingChosen) }
  }

  /// A file of that name, a folder, or the GGUF of a type.
  private mutating func choose(
    _ choice: String, from all: [HubFile], _ failure: (HubError.Reason) -> HubError
  ) throws {
    if let file = all.first(where: { $0.path == choice }) {
      files = try GGUFModel.parts(of: file, in: all, failure)
      main = files.first
      return
    }
    let folder = choice.hasSuffix("/") ? choice : choice + "/"
    let inside = all.filter { $0.path.hasPrefix(folder) }
    if choice.hasSuffix("/") || !inside.isEmpty && !GGUFModel.isTypeName(choice) {
      files = inside
      guard !inside.isEmpty else { throw failure(.noSuchFile(choice)) }
      return
    }
    let models = GGUFModel.models(in: all)
    let matching = models.filter { $0.hasType(choice) }
    guard !models.isEmpty, GGUFModel.isTypeName(choice) else {
      throw failure(.noSuchFile(choice))
    }
    guard let model = matching.first else {
      throw failure(.noChoice(choice, found: models.map(\.label)))
    }
    guard matching.count == 1 else {
      throw failure(.ambiguousChoice(choice, found: matching.map(\.label)))
    }
    files = try model.whole(failure)
    main = files.first
  }

  /// All that makes a checkpoint: of weights in several formats, one.
  private mutating func chooseCheckpoint(
    from all: [HubFile], _ failure: (HubError.Reason) -> HubError
  ) throws {
    let hasSafetensors = all.contains { $0.name.hasSuffix(".safetensors") }
    let models = GGUFModel.models(in: all)
    if !hasSafetensors, !models.isEmpty {
      guard models.count == 1 else {
        throw failure(.ambiguousChoice(nil, found: models.map(\.label)))
      }
      files = try models[0].whole(failure)
      main = files.first
      let chosen = Set(files)
      leftOut += all.filter { !chosen.contains($0) }.map { ($0, "not part of the GGUF") }
      return
    }
    for file in all {
      if let why = ForeignWeights.reason(file, hasSafetensors: hasSafetensors, among: all) {
        leftOut.append((file, why))
      } else {
        files.append(file)
      }
    }
  }
}
