import Checkpoints
import MappedFiles
import Safetensors
public import SystemPackage
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ConversionPlan {
  /// Plans a conversion from headers alone; no tensor data is read and nothing is written.
  ///
  /// - Parameters:
  ///   - source: A GGUF, a safetensors file, a shard index or a Hugging Face folder.
  ///   - destination: Ends in `.gguf`, in `.safetensors` or, for a folder, in `/`; a folder that
  ///     exists needs no slash.
  /// - Throws: ``ConversionError`` when the destination is the source, exists or cannot hold the types;
  ///   otherwise what is wrong with the source.
  public init(
    from source: FilePath, to destination: String, options: ConversionOptions
  ) throws {
    try self.init(from: ConversionSource(source), to: destination, options: options)
  }

  init(
    from source: ConversionSource, to destination: String, options: ConversionOptions
  ) throws {
    let format = try DestinationFormat(destination)
    let path = FilePath(destination)
    try Self.check(path, format, against: source.path, overwrite: options.overwrite)
    switch format {
    case .gguf:
      self = try Self.padding(source.checkpoint(), at: source.path, options) {
        try Self(gguf: path, from: $0, at: source.path, options: options)
      }
    case .folder:
      self = try Self.padding(source.checkpoint(), at: source.path, options) {
        try Self(folder: path, from: $0, at: source.path, options: options)
      }
    case .safetensors:
      guard !options.padsRows else {
        throw ConversionError(.cannotPad(.noMetadata), path: path)
      }
      guard try FileKind(of: source.path) != .gguf else {
        throw ConversionError(.wantsFolder, path: path)
      }
      try self.init(
        safetensors: path, from: source.safetensors(), at: source.path, options: options)
    }
    try refuseSourceFiles()
  }

  private static func check(
    _ destination: FilePath, _ format: DestinationFormat, against source: FilePath, overwrite: Bool
  ) throws {
    guard let found = FileIdentity(destination) else { return }
    func refusal(_ reason: ConversionError.Reason) -> ConversionError {
      ConversionError(reason, path: destination)
    }
    if found == FileIdentity(source) { throw refusal(.destinationIsSource) }
    if found.isFolder {
      // A folder is replaced with everything in it.
      if found.holds(source) { throw refusal(.destinationHoldsSource) }
      let names = try FolderListing(destination).names
      if names.isEmpty { return }
      if overwrite, !names.contains("config.json") { throw refusal(.destinationIsNoCheckpoint) }
      let stranger = names.first { !HuggingFaceFolder.isKnownName($0) }
      if overwrite, let stranger { throw refusal(.destinationHoldsOther(stranger)) }
    }
    guard overwrite else { throw refusal(.destinationExists) }
  }

  /// Refuses a destination that is one of the files that tensors come from.
  private func refuseSourceFiles() throws {
    guard let found = FileIdentity(destination) else { return }
    var seen: Set<FilePath> = []
    for tensor in tensors {
      guard case .file(let file, _) = tensor.source.content, seen.insert(file.path).inserted else {
        continue
      }
      if found == FileIdentity(file.path) {
        throw ConversionError(.destinationIsSource, path: destination)
      }
    }
  }
}

/// What a destination is to become, judged by its name.
private enum DestinationFormat {
  case gguf, safetensors, folder

  init(_ destination: String) throws {
    let path = FilePath(destination)
    if destination.hasSuffix("/") || FileIdentity(path)?.isFolder == true {
      self = .folder
    } else if path.extension == "gguf" {
      self = .gguf
    } else if path.extension == "safetensors" {
      self = .safetensors
    } else {
      throw ConversionError(.unknownDestinationFormat, path: path)
    }
  }
}

/// Which file a path leads to, whatever it is called.
private struct FileIdentity: Equatable {
  private let device: dev_t
  private let number: ino_t
  let isFolder: Bool

  /// `nil` when nothing is there.
  init?(_ path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
    device = status.st_dev
    number = status.st_ino
    isFolder = status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether `path` lies in this folder, however deep.
  func holds(_ path: FilePath) -> Bool {
    guard let real = path.withPlatformString({ realpath($0, nil) }) else { return false }
    defer { free(real) }
    var folder = FilePath(platformString: real)
    while folder.removeLastComponent() {
      if self == FileIdentity(folder) { return true }
    }
    return false
  }
}
