public import GGUF

extension Checkpoint {
  /// A GGUF file, its metadata and tensors as they are.
  ///
  /// - Throws: ``CheckpointError`` when the file does not say which architecture it is of.
  public init(_ gguf: GGUFFile) throws {
    guard let architecture = gguf.metadata.string("general.architecture") else {
      throw CheckpointError(.noArchitecture, path: gguf.file.path)
    }
    self.init(
      origin: .gguf, architecture: architecture, metadata: gguf.metadata,
      tensors: gguf.tensors.map {
        CheckpointTensor(
          name: $0.name, type: $0.type, shape: $0.shape,
          source: TensorSource(.file(gguf.file, offset: $0.offset)))
      })
  }
}
