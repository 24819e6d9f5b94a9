import Integrity
import MappedFiles
import Safetensors
import SystemPackage

extension EditPlan {
  init(_ edit: Edit, of file: SafetensorsFile, at source: FilePath) throws {
    var metadata = file.metadata
    var problems = edit.repeatedKey.map { [EditError.Reason.repeatedKey($0)] } ?? []
    var changes: [EditChange] = []
    for key in edit.removedKeys {
      guard let old = metadata.removeValue(forKey: key) else {
        problems.append(.noSuchKey(key))
        continue
      }
      changes.append(EditChange(.removed, key, old: .string(old)))
    }
    for (key, value) in edit.values {
      guard case .string(let text) = value else {
        problems.append(.onlyStrings(key: key, found: value.typeName))
        continue
      }
      let old = metadata.updateValue(text, forKey: key)
      if old != text {
        changes.append(
          EditChange(old == nil ? .added : .changed, key, old: old.map { .string($0) }, new: value))
      }
    }
    if changes.contains(where: { $0.name == "format" }),
      !["pt", "tf", "flax", "mlx"].contains(metadata["format"])
    {
      problems.append(.unknownFramework(metadata["format"] ?? "missing"))
    }
    problems += changes.filter { $0.name.hasPrefix(Seal.prefix) }.map {
      .fixedKey($0.name, why: EditedFile.whySealIsFixed)
    }
    if !edit.isSealed {
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key.hasPrefix(Seal.prefix)
      {
        metadata[key] = nil
        changes.append(EditChange(.removed, key, old: .string(value)))
      }
    }
    let (names, renames, more) = edit.names(file.tensors.map(\.name))
    problems += more
    if !renames.isEmpty, let index = Self.index(naming: file.file.path) {
      problems.append(.namedByIndex(index))
    }
    let edited = EditedFile(
      content: .safetensors(file, metadata, names: names),
      isChanged: !changes.isEmpty || !renames.isEmpty || edit.roomByteCount != nil)
    try self.init(
      source, edit, changes: changes + renames, problems: problems, files: [edited])
  }

  /// The index beside a shard that says which tensors it holds.
  private static func index(naming path: FilePath) -> String? {
    guard let name = path.lastComponent?.string else { return nil }
    let folder = path.removingLastComponent()
    let indexes = ((try? FolderListing(folder.isEmpty ? "." : folder).names) ?? [])
      .filter { $0.hasSuffix(".safetensors.index.json") }
    return indexes.first { index in
      guard let file = try? MappedFile(folder.appending(index)),
        let shards = try? file.withUnchangedBytes({ try ShardIndex(parsing: $0) })
      else { return false }
      return shards.shardByTensor.values.contains(name)
    }
  }
}
