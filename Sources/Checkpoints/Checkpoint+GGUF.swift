public import GGUF

extension Checkpoint {
  /// A GGUF file or a split set, its metadata and tensors as they are.
  public init(_ gguf: GGUFSet) {
    self.init(
      origin: .gguf, architecture: gguf.metadata.string("general.architecture") ?? "",
      metadata: gguf.metadata,
      tensors: gguf.tensors.map {
        let file = gguf.file(of: $0)
        return CheckpointTensor(
          name: $0.name, type: $0.type, shape: $0.shape,
          source: TensorSource(
            .file(file.file, offset: $0.offset), byteOrder: file.byteOrder))
      })
    files = gguf.files.map(\.file.path)
  }

  /// Refuses a GGUF that does not say what it is where that decides what is done with it.
  public func requireArchitecture() throws(CheckpointError) {
    guard !architecture.isEmpty else { throw CheckpointError(.noArchitecture, path: path) }
  }
}
