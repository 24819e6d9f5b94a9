public import MappedFiles
public import SystemPackage

/// A model in GGUF, be it one file or the set of files that llama.cpp's splitter makes of one.
///
/// A set has the metadata of its first part, without the `split` keys, and the tensors of all parts. Each
/// part has its own alignment.
public final class GGUFSet: Sendable {
  /// In the order of the parts; one when the model is not split.
  public let files: [GGUFFile]
  public let metadata: GGUFMetadata
  /// Those of all files, one after the other. Offsets count from the start of the tensor's own file.
  public let tensors: [GGUFTensor]
  /// The file of each tensor, by its position among `tensors`.
  private let fileIndices: [Int]
  private let positions: [String: Int]

  /// Opens the file at `path` and, when it is a part of a set, the others beside it.
  ///
  /// - Parameter path: Any of the parts. The others are looked for in the folder that it names, also
  ///   when it is a link to elsewhere.
  /// - Throws: ``GGUFError`` that names the part which is missing, malformed or of another set, or
  ///   `FileError`.
  public convenience init(_ path: FilePath) throws {
    try self.init(path) { path throws in try MappedFile(path) }
  }

  /// - Parameter open: Maps each file, or reads it into memory.
  public convenience init(_ path: FilePath, open: (FilePath) throws -> MappedFile) throws {
    let named = try GGUFFile(open(path))
    let paths = try Self.paths(of: named.metadata, at: path)
    let files = try paths.enumerated().map { index, other in
      other == path ? named : try Self.part(index, of: paths.count) { try open(other) }
    }
    try self.init(parts: files)
  }

  /// One file alone, whatever it says of others.
  public convenience init(_ file: GGUFFile) {
    self.init(checked: [file])
  }

  private convenience init(parts: [GGUFFile]) throws(GGUFError) {
    try Self.check(parts)
    self.init(checked: parts)
  }

  private init(checked files: [GGUFFile]) {
    self.files = files
    metadata = files[0].metadata.withoutSplit
    tensors = files.flatMap(\.tensors)
    fileIndices = files.enumerated().flatMap { index, file in file.tensors.map { _ in index } }
    positions = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// The tensor with this name.
  public func tensor(_ name: String) -> GGUFTensor? { positions[name].map { tensors[$0] } }

  /// The file that holds one of this set's tensors.
  public func file(of tensor: GGUFTensor) -> GGUFFile {
    files[positions[tensor.name].map { fileIndices[$0] } ?? 0]
  }

  /// The encoded bytes of one of this set's tensors. Valid while this object lives.
  public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    file(of: tensor).bytes(of: tensor)
  }

  /// Notices that one of the files was truncated or rewritten since it was opened, or could not be read.
  ///
  /// - Throws: `FileError`, see `MappedFile.checkUnchanged()`.
  public func checkUnchanged() throws {
    for file in files { try file.file.checkUnchanged() }
  }
}

// MARK: - The parts

extension GGUFSet {
  /// The files of the model that the file at `path` belongs to: itself alone, or the parts of its set.
  ///
  /// - Parameter metadata: Of the file at `path`.
  /// - Throws: ``GGUFError`` when its keys or its name are no part's.
  public static func paths(
    of metadata: GGUFMetadata, at path: FilePath
  ) throws(GGUFError) -> [FilePath] {
    do throws(GGUFError) {
      guard let split = try GGUFSplit(metadata) else { return [path] }
      guard let component = path.lastComponent, let name = GGUFPartName(component.string) else {
        throw GGUFError(.notAPartName(count: split.count), key: GGUFSplit.countKey)
      }
      guard name.count == split.count else {
        throw GGUFSplit.mismatch(GGUFSplit.countKey, in: metadata, expected: "\(name.count)")
      }
      let folder = path.removingLastComponent()
      return (1...name.count).map { number in
        number == name.number ? path : folder.appending(name.part(number).fileName)
      }
    } catch {
      throw error.located(in: path)
    }
  }

  private static func part(
    _ index: Int, of count: Int, _ open: () throws -> MappedFile
  ) throws -> GGUFFile {
    do {
      return try GGUFFile(open())
    } catch let error as FileError where error.reason.isMissing {
      throw GGUFError(.missingPart(index + 1, of: count)).located(in: error.path ?? "")
    }
  }

  /// Proves that files are the parts of one set, in their order.
  private static func check(_ files: [GGUFFile]) throws(GGUFError) {
    guard files.count > 1, let first = try GGUFSplit(files[0].metadata) else { return }
    var owners: [String: GGUFFile] = [:]
    for (index, file) in files.enumerated() {
      do throws(GGUFError) {
        try GGUFSplit.check(file.metadata, at: index, of: first)
        for tensor in file.tensors {
          if let owner = owners.updateValue(file, forKey: tensor.name) {
            let other = owner.file.path.lastComponent?.string ?? ""
            throw GGUFError(.tensorInOtherPart(other), tensor: tensor.name)
          }
        }
      } catch {
        throw error.located(in: file.file.path)
      }
    }
    guard first.tensorCount ?? owners.count == owners.count else {
      throw GGUFSplit.mismatch(
        GGUFSplit.tensorCountKey, in: files[0].metadata,
        expected: "\(owners.count), the tensors of all \(files.count) parts"
      ).located(in: files[0].file.path)
    }
  }
}

extension FileError.Reason {
  /// Whether nothing stands under the name, or a link that leads nowhere.
  fileprivate var isMissing: Bool {
    if case .system(_, .noSuchFileOrDirectory) = self { true } else { false }
  }
}
