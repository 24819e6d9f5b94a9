import Checkpoints
import GGUF
import MappedFiles
import SystemPackage

extension ConversionOptions {
  var partLimits: GGUFPartLimits {
    GGUFPartLimits(byteCount: maxShardByteCount, tensorCount: maxShardTensorCount)
  }

  /// Whether a GGUF may become a set of files.
  var splits: Bool { maxShardByteCount != nil || maxShardTensorCount != nil }
}

extension ConversionPlan {
  /// What the parts of a set are called; nothing for a single file, which keeps its plain name.
  static func partNames(_ count: Int, of destination: FilePath) -> [String] {
    guard count > 1, let stem = destination.stem else { return [] }
    return (1...count).map { GGUFPartName(stem: stem, number: $0, count: count).fileName }
  }

  /// Warnings of what stands beside a set and bears its name: parts of a set of another count and a single
  /// file are not what is written, and stay. No reader mixes them, the names tell the counts.
  static func neighbours(
    of destination: FilePath, _ names: [String], _ checkpoint: Checkpoint,
    _ options: ConversionOptions
  ) -> [String] {
    guard options.splits, let stem = destination.stem else { return [] }
    let folder = destination.removingLastComponent()
    let listed = (try? FolderListing(folder.isEmpty ? "." : folder).names) ?? []
    let sources = Set(checkpoint.files.compactMap(FileIdentity.init))
    let others = listed.filter { name in
      let isPart = GGUFPartName(name).map { $0.stem == stem && !names.contains(name) }
      let isSingle = !names.isEmpty && name == destination.lastComponent?.string
      guard isPart ?? isSingle, let found = FileIdentity(folder.appending(name)) else {
        return false
      }
      return !sources.contains(found)
    }
    guard let first = others.first else { return [] }
    let which =
      others.count == 1 ? first.printable : "\(first.printable) and \(others.count - 1) more"
    return ["\(which): not part of what is written, left as found"]
  }
}
