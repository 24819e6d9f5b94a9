import Checkpoints
import MappedFiles
import Safetensors
public import SystemPackage

extension ConversionPlan {
  /// Plans a conversion from headers alone; no tensor data is read and nothing is written.
  ///
  /// - Parameters:
  ///   - source: A GGUF or any part of a split one, a safetensors file, a shard index or a Hugging Face
  ///     folder.
  ///   - destination: Ends in `.gguf`, in `.safetensors` or, for a folder, in `/`; a folder that
  ///     exists needs no slash. With a limit for what a file may hold, `NAME.gguf` and
  ///     `NAME-00001-of-00003.gguf` both become as many parts as are needed, or `NAME.gguf` when
  ///     everything fits.
  /// - Throws: ``ConversionError`` when the destination is the source, exists or cannot hold the types;
  ///   otherwise what is wrong with the source.
  public init(
    from source: FilePath, to destination: String, options: ConversionOptions
  ) throws {
    try self.init(
      from: ConversionSource(source, isGeneric: options.isGeneric), to: destination,
      options: options)
  }

  init(
    from source: ConversionSource, to destination: String, options: ConversionOptions
  ) throws {
    let target = try Destination(destination, options)
    try target.check(against: source.path, overwrite: options.overwrite)
    var sources: [FilePath] = []
    switch target.format {
    case .gguf:
      let checkpoint = try source.checkpoint()
      self = try Self.padding(checkpoint, at: source.path, options) {
        try Self(gguf: target.path, from: $0, at: source.path, options: options)
      }
      sources = checkpoint.files
    case .folder:
      self = try Self.padding(source.checkpoint(), at: source.path, options) {
        try Self(folder: target.path, from: $0, at: source.path, options: options)
      }
    case .safetensors:
      guard !options.padsRows else {
        throw ConversionError(.cannotPad(.noMetadata), path: target.path)
      }
      guard try FileKind(of: source.path) != .gguf else {
        throw ConversionError(.wantsFolder, path: target.path)
      }
      try self.init(
        safetensors: target.path, from: source.safetensors(), at: source.path, options: options)
    }
    if form != .folder { try checkPaths(against: sources) }
  }

  /// Refuses to write over a file that tensors come from, and over anything unless that is allowed.
  func checkPaths(against files: [FilePath]) throws {
    var sources = Set(files)
    for tensor in tensors { sources.formUnion(tensor.source.files.map(\.path)) }
    let identities = Set(sources.compactMap(FileIdentity.init))
    let mayReplace =
      options.overwrite || form != .file && StagedOutput.isHalfRenamed(destination)
    for path in paths {
      guard let found = FileIdentity(path) else { continue }
      guard !identities.contains(found) else {
        throw ConversionError(.destinationIsSource, path: path)
      }
      guard mayReplace else { throw ConversionError(.destinationExists, path: path) }
    }
  }
}
