public import GGUF

extension Checkpoint {
  /// A GGUF file or a split set, its metadata and tensors as they are.
  ///
  /// - Throws: ``CheckpointError`` when the metadata do not say which architecture it is of.
  public init(_ gguf: GGUFSet) throws {
    guard let architecture = gguf.metadata.string("general.architecture") else {
      throw CheckpointError(.noArchitecture, path: gguf.files.first?.file.path)
    }
    self.init(
      origin: .gguf, architecture: architecture, metadata: gguf.metadata,
      tensors: gguf.tensors.map {
        let file = gguf.file(of: $0)
        return CheckpointTensor(
          name: $0.name, type: $0.type, shape: $0.shape,
          source: TensorSource(
            .file(file.file, offset: $0.offset), byteOrder: file.byteOrder))
      })
    files = gguf.files.map(\.file.path)
  }
}
