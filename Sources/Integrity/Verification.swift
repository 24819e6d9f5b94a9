internal import GGUF
internal import MappedFiles
internal import Safetensors
public import SystemPackage
public import Workers

/// What is wrong with one stretch of a file.
public struct Damage: Sendable, Hashable {
  /// The tensor, when the damage lies in one.
  public let tensor: String?
  /// First and last damaged row of the tensor, rows counted over all its outer dimensions.
  public let firstRow: Int?
  public let lastRow: Int?
  /// Bytes from the start of the file.
  public let offset: Int?
  /// Damaged bytes, when they can be counted.
  public let byteCount: Int?
  public let why: String
}

/// The verdict on one file.
public struct FileVerdict: Sendable, Hashable {
  public let path: FilePath
  /// Whether the file carries digests of its own bytes.
  public let isSealed: Bool
  public let damage: [Damage]

  public var isIntact: Bool { damage.isEmpty }
}

/// Checks that files are what their format says, structure, bounds and sizes, and that every byte of a sealed
/// one is what was sealed (Specs/seal.md).
///
/// A file without a seal can be intact in form and still hold a flipped bit.
public enum Verification {
  /// Verifies what stands at `path`: a file, a part of a split GGUF with all its parts, a shard index with
  /// its shards, or a folder of files.
  ///
  /// - Returns: One verdict a file, in the order of names.
  ///   What cannot be read is damaged.
  public static func verify(
    _ path: FilePath, on pool: WorkerPool = WorkerPool()
  ) throws -> [FileVerdict] {
    do {
      return try verifyPresent(path, on: pool)
    } catch let error as FileError {
      return [verdict(path, "\(error)")]
    }
  }

  /// Verifies what stands at several paths. A file that came with another of its set is not verified again.
  public static func verify(
    _ paths: [FilePath], on pool: WorkerPool = WorkerPool()
  ) throws -> [FileVerdict] {
    var verdicts: [FileVerdict] = []
    var seen: Set<FilePath> = []
    for path in paths where !seen.contains(path) {
      for verdict in try verify(path, on: pool) where seen.insert(verdict.path).inserted {
        verdicts.append(verdict)
      }
    }
    return verdicts
  }

  private static func verifyPresent(_ path: FilePath, on pool: WorkerPool) throws -> [FileVerdict] {
    switch try FileKind(of: path) {
    case .folder: return try verifyFolder(path, on: pool)
    case .gguf: return try verifyGGUF(path, on: pool)
    case .safetensors: return [try verifySafetensors(path, on: pool)]
    case .unknown where path.lastComponent?.string.hasSuffix(".index.json") == true:
      return try verifyShards(index: path, on: pool)
    case .pytorch:
      return [verdict(path, "a PyTorch file holds code; its bytes prove nothing")]
    case .unknown:
      return [verdict(path, "expected GGUF or safetensors; the first bytes are neither's")]
    }
  }

  private static func verifyFolder(_ path: FilePath, on pool: WorkerPool) throws -> [FileVerdict] {
    let names = try FolderListing(path).names
    if names.contains(SafetensorsCheckpoint.indexName) {
      return try verifyShards(index: path.appending(SafetensorsCheckpoint.indexName), on: pool)
    }
    let files = names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }
    guard !files.isEmpty else {
      return [verdict(path, "no .safetensors and no .gguf file in this folder")]
    }
    return try verify(files.map { path.appending($0) }, on: pool)
  }

  private static func verifySafetensors(_ path: FilePath, on pool: WorkerPool) throws -> FileVerdict
  {
    let file = try MappedFile(path)
    do {
      let header = try file.withUnchangedBytes { try SafetensorsHeader(parsing: $0) }
      return try verdict(file, SealedHeader(header), [], on: pool)
    } catch let error as SafetensorsError {
      let damage = Damage(
        tensor: error.tensor, firstRow: nil, lastRow: nil, offset: error.byteOffset,
        byteCount: nil, why: "\(error)")
      return FileVerdict(path: path, isSealed: false, damage: [damage])
    }
  }

  /// Every shard by itself, then the index against the shards.
  private static func verifyShards(index path: FilePath, on pool: WorkerPool) throws
    -> [FileVerdict]
  {
    let file = try MappedFile(path)
    let index: ShardIndex
    do {
      index = try file.withUnchangedBytes { try ShardIndex(parsing: $0) }
    } catch let error as SafetensorsError {
      return [verdict(path, "\(error)", tensor: error.tensor, at: error.byteOffset)]
    }
    let folder = path.removingLastComponent()
    var verdicts = try Set(index.shardByTensor.values).sorted().map { name in
      let shard = folder.appending(name)
      do {
        return try verifySafetensors(shard, on: pool)
      } catch let error as FileError {
        return verdict(shard, "\(error)")
      }
    }
    if verdicts.allSatisfy(\.isIntact) {
      do {
        _ = try SafetensorsCheckpoint(path)
        verdicts.append(FileVerdict(path: path, isSealed: false, damage: []))
      } catch let error as SafetensorsError {
        verdicts.append(verdict(path, "\(error)", tensor: error.tensor))
      }
    }
    return verdicts
  }

  /// The verdict on a file whose header can be read.
  ///
  /// - Parameter damage: What is wrong with its structure.
  static func verdict(
    _ file: MappedFile, _ header: SealedHeader, _ damage: [Damage], on pool: WorkerPool
  ) throws -> FileVerdict {
    guard header.seal != nil else {
      return FileVerdict(path: file.path, isSealed: false, damage: damage)
    }
    let found = SealCheck(file, header).damage(on: pool, structure: damage)
    try file.checkUnchanged()
    return FileVerdict(path: file.path, isSealed: true, damage: found)
  }

  static func verdict(
    _ path: FilePath, _ why: String, tensor: String? = nil, at offset: Int? = nil
  ) -> FileVerdict {
    let damage = Damage(
      tensor: tensor, firstRow: nil, lastRow: nil, offset: offset, byteCount: nil, why: why)
    return FileVerdict(path: path, isSealed: false, damage: [damage])
  }
}
