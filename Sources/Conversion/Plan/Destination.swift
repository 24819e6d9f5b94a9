import Checkpoints
import GGUF
import MappedFiles
import SystemPackage

/// What a destination is to become, judged by its name.
struct Destination {
  enum Format { case gguf, safetensors, folder }

  let format: Format
  /// What people typed, except that a part of a set stands for `NAME.gguf`.
  let path: FilePath
  private let typed: FilePath

  /// - Throws: ``ConversionError`` for a name of another form, and for limits that this format lacks.
  init(_ text: String, _ options: ConversionOptions) throws {
    typed = FilePath(text)
    func refusal(_ reason: ConversionError.Reason) -> ConversionError {
      ConversionError(reason, path: FilePath(text))
    }
    if text.hasSuffix("/") || FileIdentity(typed)?.isFolder == true {
      format = .folder
      path = typed
    } else if typed.extension == "gguf" {
      format = .gguf
      if let part = GGUFPartName(typed.lastComponent?.string ?? "") {
        guard options.splits else { throw refusal(.namesPart) }
        path = typed.removingLastComponent().appending("\(part.stem).gguf")
      } else {
        path = typed
      }
    } else if typed.extension == "safetensors" {
      format = .safetensors
      path = typed
    } else {
      throw refusal(.unknownDestinationFormat)
    }
    guard format == .gguf || options.byteOrder == .little else {
      throw refusal(.safetensorsAreLittleEndian)
    }
  }

  /// Refuses what stands under the name that was typed: the source always, anything else unless it may be
  /// replaced or is a part that a killed run named.
  func check(against source: FilePath, overwrite: Bool) throws {
    guard let found = FileIdentity(typed) else { return }
    func refusal(_ reason: ConversionError.Reason) -> ConversionError {
      ConversionError(reason, path: typed)
    }
    if found == FileIdentity(source) { throw refusal(.destinationIsSource) }
    if found.isFolder {
      // A folder is replaced with everything in it.
      if found.holds(source) { throw refusal(.destinationHoldsSource) }
      let names = try FolderListing(typed).names
      if names.isEmpty { return }
      if overwrite, !names.contains("config.json") { throw refusal(.destinationIsNoCheckpoint) }
      let stranger = names.first { !HuggingFaceFolder.isKnownName($0) }
      if overwrite, let stranger { throw refusal(.destinationHoldsOther(stranger)) }
    }
    guard overwrite || StagedOutput.isHalfRenamed(path) else {
      throw refusal(.destinationExists)
    }
  }
}
