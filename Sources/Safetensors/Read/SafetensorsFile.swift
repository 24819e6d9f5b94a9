public import MappedFiles
public import SystemPackage

/// A safetensors file, mapped and checked: metadata and where each tensor lies.
public final class SafetensorsFile: Sendable {
  public let file: MappedFile
  public let header: SafetensorsHeader
  private let positions: [String: Int]

  /// - Throws: ``SafetensorsError`` with the byte offset of what is wrong, or `FileError`.
  public init(_ path: FilePath) throws {
    file = try MappedFile(path)
    do {
      header = try file.withUnchangedBytes { try SafetensorsHeader(parsing: $0) }
    } catch let error as SafetensorsError {
      throw error.located(in: path)
    }
    positions = Dictionary(
      uniqueKeysWithValues: header.tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  public var metadata: [String: String] { header.metadata }
  public var tensors: [SafetensorsTensor] { header.tensors }
  public var dataOffset: Int { header.dataOffset }

  /// The tensor with this name.
  public func tensor(_ name: String) -> SafetensorsTensor? {
    positions[name].map { header.tensors[$0] }
  }

  /// The encoded bytes of one of this file's tensors. Valid while this object lives; whether they
  /// are the file's, ``MappedFile/checkUnchanged()`` of ``file`` says after they were read.
  public func bytes(of tensor: SafetensorsTensor) -> UnsafeRawBufferPointer {
    file.bytes(in: tensor.offset..<tensor.offset + tensor.byteCount)
  }
}
