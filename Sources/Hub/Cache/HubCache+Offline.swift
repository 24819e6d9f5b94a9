import Foundation
import MappedFiles
import SystemPackage

extension HubCache {
  /// What the cache has of a revision; `nil` when that was never pulled.
  func listing(of reference: HubReference) -> HubListing? {
    guard let commit = commit(of: reference.revision) else { return nil }
    let files = files(at: commit)
    return files.isEmpty ? nil : HubListing(commit: commit, files: files)
  }

  /// Files of a commit that are there: all that is known of a repository without the hub.
  private func files(at commit: String) -> [HubFile] {
    let base = snapshot(commit).string
    guard let paths = FileManager.default.subpaths(atPath: base) else { return [] }
    return paths.sorted().compactMap { path in
      guard let byteCount = FileSize.byteCount(FilePath(base + "/" + path)) else { return nil }
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: base + "/" + path)
      let digest = target?.split(separator: "/").last.flatMap { HubDigest(String($0)) }
      // The digest of a copy is not known.
      return HubFile(path: path, byteCount: byteCount, digest: digest ?? .sha256(""))
    }
  }

  /// Checks that every shard is there of which an index speaks: an earlier pull may have ended before.
  ///
  /// - Throws: ``HubError`` with `.incomplete`.
  func checkShards(of files: [HubFile], at commit: String, _ reference: HubReference) throws {
    let names = Set(files.map(\.path))
    for index in files where index.name.hasSuffix(".safetensors.index.json") {
      let bytes = try? Data(
        contentsOf: URL(fileURLWithPath: path(of: index.path, at: commit).string))
      guard let bytes, let shards = try? JSONDecoder().decode(ShardIndex.self, from: bytes) else {
        continue
      }
      let folder = index.path.dropLast(index.name.count)
      let missing = Set(shards.weight_map.values).sorted()
        .first { !names.contains(folder + $0) }
      if let missing {
        throw HubError(
          reference.repository, .incomplete("the copy in the cache", missing: folder + missing))
      }
    }
  }

  /// Checks that the disk has room for what is missing, before any of it comes.
  ///
  /// - Throws: ``HubError`` with `.noRoom`.
  func checkRoom(for files: [HubFile], _ reference: HubReference) throws {
    var seen = Set<HubDigest>()
    let needed = files.reduce(0) { sum, file in
      let blob = blob(file.digest)
      guard seen.insert(file.digest).inserted, FileSize.byteCount(blob) != file.byteCount else {
        return sum
      }
      // What an earlier run claimed for the file is no longer free.
      let claimed = FileSize.allocated(FilePath("\(blob).quern-partial"))
      return sum + max(0, file.byteCount - claimed)
    }
    guard let free = FileSize.free(in: folder), free < needed else { return }
    throw HubError(
      reference.repository, .noRoom(folder: folder.string, needed: needed, free: free))
  }
}

/// `model.safetensors.index.json`, as far as we read it.
private struct ShardIndex: Decodable {
  let weight_map: [String: String]
}
