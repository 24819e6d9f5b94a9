public import MappedFiles
public import SystemPackage
public import TensorCore

/// A GGUF file, mapped and checked: header, metadata and where each tensor lies.
public final class GGUFFile: Sendable {
  public let file: MappedFile
  public let header: GGUFHeader
  private let positions: [String: Int]

  /// - Throws: ``GGUFError`` with the byte offset of what is wrong, or `FileError`.
  public convenience init(_ path: FilePath) throws {
    try self.init(try MappedFile(path))
  }

  /// - Throws: ``GGUFError`` with the byte offset of what is wrong, or `FileError`.
  public init(_ file: MappedFile) throws {
    self.file = file
    do {
      header = try file.withUnchangedBytes { try GGUFHeader(parsing: $0) }
    } catch let error as GGUFError {
      throw error.located(in: file.path)
    }
    positions = Dictionary(
      uniqueKeysWithValues: header.tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  public var version: UInt32 { header.version }
  public var byteOrder: ByteOrder { header.byteOrder }
  public var metadata: GGUFMetadata { header.metadata }
  public var tensors: [GGUFTensor] { header.tensors }
  public var alignment: Int { header.alignment }
  public var dataOffset: Int { header.dataOffset }

  /// The tensor with this name.
  public func tensor(_ name: String) -> GGUFTensor? {
    positions[name].map { header.tensors[$0] }
  }

  /// The encoded bytes of one of this file's tensors, in the file's byte order. Valid while this object lives; whether they
  /// are the file's, ``MappedFile/checkUnchanged()`` of ``file`` says after they were read.
  public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    file.bytes(in: tensor.offset..<tensor.offset + tensor.byteCount)
  }
}
