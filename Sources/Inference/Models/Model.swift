public import GGUF
public import Kernels
public import SystemPackage

/// A model whose weights are used where they lie in a mapped GGUF file or a set of them.
///
/// Loading reads metadata and checks every tensor; it copies only norms and biases. One model serves
/// any number of sessions.
public final class Model: Sendable {
  /// The architectures that run, by the value of `general.architecture`.
  public static let supportedArchitectures = architectures.map { $0.architecture }
  private static let architectures: [any DecoderModel.Type] = [Llama.self, Qwen2.self]

  public let file: GGUFSet
  let decoder: any DecoderModel
  /// The instruction set that it computes with.
  public let kernels: Kernels

  /// - Parameter kernels: The instruction set to compute with.
  /// - Throws: ``ModelError``.
  public init(_ file: GGUFSet, kernels: Kernels = .active) throws(ModelError) {
    guard file.files.allSatisfy({ $0.byteOrder == .little }) else { throw .bigEndian }
    guard let name = file.metadata.string("general.architecture") else {
      throw .missingKey("general.architecture")
    }
    guard let type = Self.architectures.first(where: { $0.architecture == name }) else {
      throw .unsupportedArchitecture(name, supported: Self.supportedArchitectures)
    }
    self.file = file
    self.kernels = kernels
    decoder = try type.init(TensorSource(file: file, kernels: kernels))
  }

  /// A model that is one file.
  public convenience init(
    _ file: GGUFFile, kernels: Kernels = .active
  ) throws(ModelError) {
    try self.init(GGUFSet(file), kernels: kernels)
  }

  /// Maps the file at `path`, and the others of its set, and loads the model.
  ///
  /// - Throws: `GGUFError`, `FileError` or ``ModelError``.
  public convenience init(path: FilePath) throws {
    try self.init(try GGUFSet(path))
  }

  public var architecture: String { type(of: decoder).architecture }
  public var dimensions: ModelDimensions { decoder.dimensions }

  /// The cache that loses nothing beside the weights: F16 for quantized ones, F32 when every tensor is
  /// plain floats.
  public var preferredCacheType: CacheType {
    file.tensors.contains { $0.type.isQuantized } ? .f16 : .f32
  }
}
