import MappedFiles
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The tensors of a model that may lie in several safetensors files.
public final class SafetensorsCheckpoint: Sendable {
  /// A tensor and the number of the shard that holds it.
  public typealias Entry = (shard: Int, tensor: SafetensorsTensor)

  public let shards: [SafetensorsFile]
  /// Every tensor, shard by shard, in the order of their data.
  public let tensors: [Entry]
  private let positions: [String: Int]

  public static let fileName = "model.safetensors"
  public static let indexName = "model.safetensors.index.json"

  /// Opens a `.safetensors` file, an index, or a folder that holds either.
  ///
  /// - Throws: ``SafetensorsError``, also when the index and the shards disagree, or `FileError`.
  public init(_ path: FilePath) throws {
    let (shards, index) = try Self.open(path)
    var tensors: [Entry] = []
    var positions: [String: Int] = [:]
    for (number, shard) in shards.enumerated() {
      for tensor in shard.tensors {
        guard positions.updateValue(tensors.count, forKey: tensor.name) == nil else {
          let name = shard.file.path.lastComponent?.string ?? ""
          throw SafetensorsError(.tensorInTwoShards(name), tensor: tensor.name).located(in: path)
        }
        tensors.append((number, tensor))
      }
    }
    if let index {
      for (tensor, shard) in index.shardByTensor.sorted(by: { $0 < $1 }) {
        let holder = positions[tensor].map { shards[tensors[$0].shard].file.path }
        guard holder?.lastComponent?.string == shard else {
          throw SafetensorsError(.missingShardTensor(shard: shard), tensor: tensor)
            .located(in: path)
        }
      }
    }
    self.shards = shards
    self.tensors = tensors
    self.positions = positions
  }

  /// The tensor with this name and its shard.
  public func tensor(_ name: String) -> Entry? { positions[name].map { tensors[$0] } }

  /// The encoded bytes of one of the tensors. Valid while this object lives.
  public func bytes(of entry: Entry) -> UnsafeRawBufferPointer {
    shards[entry.shard].bytes(of: entry.tensor)
  }

  private static func open(_ path: FilePath) throws -> ([SafetensorsFile], ShardIndex?) {
    guard isFolder(path) else {
      return path.extension == "json"
        ? try openShards(index: path) : ([try SafetensorsFile(path)], nil)
    }
    let index = path.appending(indexName)
    if exists(index) { return try openShards(index: index) }
    let whole = path.appending(fileName)
    if exists(whole) { return ([try SafetensorsFile(whole)], nil) }
    let files = try FolderListing(path).names.filter { $0.hasSuffix(".safetensors") }
    guard files.count == 1 else {
      throw SafetensorsError(files.isEmpty ? .noCheckpoint : .noIndex(fileCount: files.count))
        .located(in: path)
    }
    return ([try SafetensorsFile(path.appending(files[0]))], nil)
  }

  private static func openShards(index path: FilePath) throws -> ([SafetensorsFile], ShardIndex?) {
    let file = try MappedFile(path)
    let index: ShardIndex
    do {
      index = try file.withUnchangedBytes { try ShardIndex(parsing: $0) }
    } catch let error as SafetensorsError {
      throw error.located(in: path)
    }
    let folder = path.removingLastComponent()
    let names = Set(index.shardByTensor.values).sorted()
    return (try names.map { try SafetensorsFile(folder.appending($0)) }, index)
  }

  private static func exists(_ path: FilePath) -> Bool {
    path.withPlatformString { access($0, F_OK) } == 0
  }

  private static func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return path.withPlatformString { stat($0, &status) } == 0
      && status.st_mode & S_IFMT == S_IFDIR
  }
}
