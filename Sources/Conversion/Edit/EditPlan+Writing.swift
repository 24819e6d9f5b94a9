import Checkpoints
import GGUF
import Integrity
public import MappedFiles
import Safetensors
public import SystemPackage
import TensorCore

extension EditPlan {
  /// The edited checkpoint as a copy: the new header, and the data as they are.
  ///
  /// - Parameter destination: A file name; for a set, `NAME.gguf` or the name of a part with the same count.
  /// - Throws: ``ConversionError`` when the destination is the source or exists, or what is wrong with the
  ///   new header.
  public func copy(to destination: FilePath, overwrite: Bool = false) throws -> ConversionPlan {
    var options = ConversionOptions()
    options.overwrite = overwrite
    // Data are copied, not looked into.
    options.allowNonFinite = true
    let part = GGUFPartName(destination.lastComponent?.string ?? "")
    if let part, part.count != files.count {
      throw ConversionError(.namesPart, path: destination)
    }
    let base =
      part.map { destination.removingLastComponent().appending("\($0.stem).gguf") } ?? destination
    let names = ConversionPlan.partNames(files.count, of: base)
    var warnings = warnings
    let planned = try zip(names.isEmpty ? [""] : names, files).map { name, file in
      guard edit.isSealed, edit.addsSeal || file.hasSeal else {
        return try file.planned(name, room: edit.roomByteCount)
      }
      let (sealed, chunks, obstacle) = file.withRoomForSeal()
      if let obstacle { warnings.append("left without a seal: \(obstacle)") }
      return try sealed.planned(name, room: edit.roomByteCount, chunks)
    }
    let plan = ConversionPlan(
      source: source, destination: base, form: names.isEmpty ? .file : .set(names),
      files: planned, warnings: warnings, options: options)
    try plan.checkPaths(against: files.map(\.file.path))
    return plan
  }

  /// The edit as a change of the file where it stands, `nil` when there is none to make.
  ///
  /// - Throws: ``EditError`` with `.doesNotFit` or `.severalParts`.
  public func inPlace() throws -> InPlaceEdit? {
    let changed = files.filter(\.isChanged)
    guard changed.count <= 1 else {
      throw EditError(
        .severalParts(changed.compactMap { $0.file.path.lastComponent?.string }), path: source)
    }
    guard let file = changed.first, !changesNothing else { return nil }
    do {
      return InPlaceEdit(
        path: file.file.path, old: file.oldHeader, new: try file.header(.exactly(file.dataOffset)))
    } catch let error as GGUFError {
      guard case .headerTooLong(let byteCount, let available) = error.reason else { throw error }
      throw EditError(
        .doesNotFit(byteCount: byteCount, available: available), path: file.file.path)
    } catch let error as SafetensorsError {
      guard case .headerTooLong(let byteCount, let available) = error.reason else { throw error }
      throw EditError(
        .doesNotFit(byteCount: byteCount, available: available), path: file.file.path)
    }
  }
}

/// A header that takes the place of another of the same length.
public struct InPlaceEdit: Sendable {
  public let path: FilePath
  let old: [UInt8]
  let new: [UInt8]

  /// Bytes that are written over.
  public var byteCount: Int { new.count }

  /// Writes the header; a kill at any moment leaves the old one, the new one, or a journal that
  /// `HeadRewrite.finish` goes on with.
  public func apply() throws(FileError) { try HeadRewrite.replace(old, with: new, at: path) }
}

extension EditedFile {
  /// This file as it will be written: a header, and everything behind the old one in one piece.
  ///
  /// - Parameter chunks: What is to be sealed, as it lies in the old file.
  fileprivate func planned(
    _ name: String, room: Int?, _ chunks: ChunkMap? = nil
  ) throws -> PlannedFile {
    let header = try header(room.map { .leaving($0) } ?? .earliest)
    let count = file.byteCount - dataOffset
    let data = PlannedTensor(
      name: "data", sourceType: .u8, type: .u8, shape: try Shape([count]), offset: header.count,
      byteCount: count, source: TensorSource(.file(file, offset: dataOffset)))
    return PlannedFile(
      name: name, header: header, tensors: [data], byteCount: header.count + count,
      chunks: chunks?.moved(by: header.count - dataOffset))
  }
}
