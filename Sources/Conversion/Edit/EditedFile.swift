import GGUF
import MappedFiles
import Safetensors

/// One file whose header is edited, or that goes with one.
struct EditedFile: Sendable {
  /// What the header will say.
  enum Content: Sendable {
    case gguf(GGUFFile, GGUFMetadata, names: [String])
    case safetensors(SafetensorsFile, [String: String], names: [String])
  }

  /// Where the tensors' data will begin.
  enum Place: Sendable {
    case earliest
    case exactly(Int)
    /// As early as leaves this much room.
    case leaving(Int)
  }

  let content: Content
  /// Whether the header becomes another.
  let isChanged: Bool

  var file: MappedFile {
    switch content {
    case .gguf(let file, _, _): file.file
    case .safetensors(let file, _, _): file.file
    }
  }

  /// Where the data begin in the file as it is.
  var dataOffset: Int {
    switch content {
    case .gguf(let file, _, _): min(file.dataOffset, file.file.byteCount)
    case .safetensors(let file, _, _): file.dataOffset
    }
  }

  /// The header as it is.
  var oldHeader: [UInt8] { file.withBytes { Array($0.prefix(dataOffset)) } }

  /// The new header; the old one where nothing changes.
  func header(_ place: Place) throws -> [UInt8] {
    guard isChanged else { return oldHeader }
    switch content {
    case .gguf(let gguf, let metadata, let names):
      do {
        return try Self.resealed(
          Self.header(
            gguf, metadata, names, place, dataByteCount: gguf.file.byteCount - dataOffset))
      } catch let error as GGUFError {
        throw error.located(in: gguf.file.path)
      }
    case .safetensors(let file, let metadata, let names):
      do {
        return try Self.resealed(Self.header(file, metadata, names, place))
      } catch let error as SafetensorsError {
        throw error.located(in: file.file.path)
      }
    }
  }

  private static func header(
    _ gguf: GGUFFile, _ metadata: GGUFMetadata, _ names: [String], _ place: Place,
    dataByteCount: Int
  ) throws(GGUFError) -> [UInt8] {
    func layout(at offset: Int?) throws(GGUFError) -> GGUFLayout {
      try GGUFLayout(
        editing: gguf.header, metadata: metadata, names: names, dataByteCount: dataByteCount,
        dataOffset: offset)
    }
    switch place {
    case .earliest: return try layout(at: nil).header
    case .exactly(let offset): return try layout(at: offset).header
    case .leaving(let room):
      let least = try layout(at: nil)
      return try layout(at: least.dataOffset(leaving: room, keepingPagesOf: gguf.header)).header
    }
  }

  private static func header(
    _ file: SafetensorsFile, _ metadata: [String: String], _ names: [String], _ place: Place
  ) throws(SafetensorsError) -> [UInt8] {
    func layout(at offset: Int?) throws(SafetensorsError) -> SafetensorsLayout {
      try SafetensorsLayout(
        editing: file.header, metadata: metadata, names: names, dataOffset: offset)
    }
    switch place {
    case .earliest: return try layout(at: nil).header
    case .exactly(let offset): return try layout(at: offset).header
    case .leaving(let room):
      let least = try layout(at: nil)
      return try layout(at: least.dataOffset(leaving: room, keepingPagesOf: file.header)).header
    }
  }
}
