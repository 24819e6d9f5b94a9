import Checkpoints
import GGUF
import MappedFiles
import Safetensors
public import SystemPackage
import TensorCore

/// A checkpoint's header with an edit applied: what will change, known before anything is written.
///
/// ```swift
/// var edit = Edit()
/// edit.values = [("general.name", .string("Grain"))]
/// let plan = try EditPlan(edit, of: "model.gguf")
/// _ = try plan.copy(to: "renamed.gguf").execute(on: WorkerPool())
/// ```
public struct EditPlan: Sendable {
  public let source: FilePath
  public let changes: [EditChange]
  /// What was forced.
  public let warnings: [String]
  let edit: Edit
  /// One, or the parts of a set.
  let files: [EditedFile]

  /// - Parameter source: A GGUF, any part of a split one, or a safetensors file.
  /// - Throws: ``EditError`` for what would break the file, or what is wrong with it.
  public init(_ edit: Edit, of source: FilePath) throws {
    switch try FileKind(of: source) {
    case .gguf:
      self = try Self(edit, of: GGUFSet(source), at: source)
    case .safetensors:
      self = try Self(edit, of: SafetensorsFile(source), at: source)
    case .folder: throw EditError(.notOneFile, path: source)
    case .pytorch: throw CheckpointError(.pytorch, path: source)
    case .unknown: throw CheckpointError(.notACheckpoint, path: source)
    }
  }

  init(
    _ source: FilePath, _ edit: Edit, changes: [EditChange], problems: [EditError.Reason],
    files: [EditedFile]
  ) throws {
    let problems = problems + (edit.isSealed ? files.compactMap(\.brokenSeal) : [])
    let first = problems.first { !$0.mayBeForced || !edit.isForced }
    if let first { throw EditError(first, path: source) }
    self.source = source
    self.edit = edit
    self.changes = changes
    self.files = files
    warnings = problems.map { "forced: \($0)" }
  }

  /// Whether the header stays as it is.
  public var changesNothing: Bool { changes.isEmpty }
}

// MARK: - Names

extension Edit {
  /// The names of tensors after the edit.
  ///
  /// Renames happen all at once, so that two tensors may change places.
  func names(_ names: [String]) -> (names: [String], changes: [EditChange], [EditError.Reason]) {
    var problems: [EditError.Reason] = []
    var places: [String: Int] = [:]
    for (place, name) in names.enumerated() { places[name] = place }
    var renamed = names
    var seen: Set<String> = []
    var changes: [EditChange] = []
    for (old, new) in renamedTensors {
      if !seen.insert(old).inserted { problems.append(.renamedTwice(old)) }
      if new.isEmpty { problems.append(.emptyName) }
      guard let place = places[old] else {
        problems.append(.noSuchTensor(old))
        continue
      }
      renamed[place] = new
      if old != new { changes.append(EditChange(.renamed, old, new: .string(new))) }
    }
    var taken: Set<String> = []
    problems += renamed.filter { !taken.insert($0).inserted }.map { .nameTaken($0) }
    return (renamed, changes, problems)
  }
}

extension Edit {
  /// What of this edit the checkpoint at `path` does not show yet.
  public func rest(for path: FilePath) throws -> Edit {
    let (keys, names): (Set<String>, Set<String>)
    switch try FileKind(of: path) {
    case .safetensors:
      let file = try SafetensorsFile(path)
      (keys, names) = (Set(file.metadata.keys), Set(file.tensors.map(\.name)))
    default:
      let set = try GGUFSet(path)
      (keys, names) = (Set(set.files[0].metadata.keys), Set(set.tensors.map(\.name)))
    }
    var rest = self
    rest.removedKeys.removeAll { !keys.contains($0) }
    rest.renamedTensors.removeAll { !names.contains($0.old) && names.contains($0.new) }
    return rest
  }
}
