import GGUF
import Integrity
import SystemPackage
import TensorCore

extension EditPlan {
  init(_ edit: Edit, of set: GGUFSet, at source: FilePath) throws {
    // The metadata of a set are those of its first file.
    let before = set.files[0].metadata
    var after = before
    var problems = edit.repeatedKey.map { [EditError.Reason.repeatedKey($0)] } ?? []
    var changes: [EditChange] = []
    for key in edit.removedKeys {
      guard let old = before[key] else {
        problems.append(.noSuchKey(key))
        continue
      }
      after[key] = nil
      changes.append(EditChange(.removed, key, old: old))
    }
    for (key, value) in edit.values {
      if key.isEmpty { problems.append(.emptyName) }
      let old = before[key]
      after[key] = value
      if old != value {
        changes.append(EditChange(old == nil ? .added : .changed, key, old: old, new: value))
      }
    }
    let (names, renames, more) = edit.names(set.tensors.map(\.name))
    problems += more + Self.problems(changes, before, after, set.tensors)
    if !edit.isSealed { changes += Self.takeSeal(from: &after) }
    var left = names[...]
    let metadata = after
    let files = set.files.enumerated().map { index, file -> EditedFile in
      let own = Array(left.prefix(file.tensors.count))
      left = left.dropFirst(own.count)
      var other = file.metadata
      let losesSeal = !edit.isSealed && !Self.takeSeal(from: &other).isEmpty
      let isChanged =
        own != file.tensors.map(\.name) || losesSeal
        || index == 0 && (!changes.isEmpty || edit.roomByteCount != nil)
      return EditedFile(
        content: .gguf(file, index == 0 ? metadata : other, names: own), isChanged: isChanged)
    }
    try self.init(
      source, edit, changes: changes + renames, problems: problems, files: files)
  }

  /// Removes the seal, and says of which keys.
  private static func takeSeal(from metadata: inout GGUFMetadata) -> [EditChange] {
    let without = metadata.withoutSeal
    defer { metadata = without }
    return metadata.keys.filter { !without.contains($0) }.map {
      EditChange(.removed, $0, old: metadata[$0])
    }
  }

  private static func problems(
    _ changes: [EditChange], _ before: GGUFMetadata, _ after: GGUFMetadata,
    _ tensors: [GGUFTensor]
  ) -> [EditError.Reason] {
    var problems = changes.compactMap { problem(with: $0, before, after) }
    problems += CountRule.broken(
      by: Set(changes.map(\.name)), before: before, after: after, tensors: tensors
    ).map { rule in
      .contradiction(
        key: rule.key, expected: rule.expected,
        found: rule.found(after).map(String.init) ?? "missing", evidence: rule.evidence)
    }
    return problems
  }

  private static func problem(
    with change: EditChange, _ before: GGUFMetadata, _ after: GGUFMetadata
  ) -> EditError.Reason? {
    switch change.name {
    case "general.alignment":
      guard (try? GGUFHeader.alignment(in: before)) == (try? GGUFHeader.alignment(in: after)) else {
        return .fixedKey(change.name, why: "the tensors lie at multiples of it")
      }
    case "split.no", "split.count", "split.tensors.count":
      return .fixedKey(change.name, why: "it belongs to a set of files, which convert makes")
    case let name where name.hasPrefix(Seal.prefix):
      return .fixedKey(name, why: EditedFile.whySealIsFixed)
    case GGUFLayout.roomKey:
      return .fixedKey(change.name, why: "--room sets it")
    case "general.architecture":
      return .otherArchitecture(
        from: before.string(change.name) ?? "missing", to: after.string(change.name) ?? "missing")
    default: break
    }
    if let old = change.old, let new = change.new, old.typeName != new.typeName {
      return .otherType(key: change.name, expected: old.typeName, found: new.typeName)
    }
    if case .array(.array)? = change.new { return .nestedArray(key: change.name) }
    return nil
  }
}
