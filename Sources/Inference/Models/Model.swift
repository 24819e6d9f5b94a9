public import GGUF
public import Kernels
import MappedFiles
import Synchronization
public import SystemPackage

/// A model whose weights are used where they lie in a mapped GGUF file or a set of them.
///
/// Loading reads metadata and checks every tensor; it copies only norms and biases. One model serves
/// any number of sessions.
public final class Model: Sendable {
  /// The architectures that run, by the value of `general.architecture`.
  public static let supportedArchitectures = architectures.map { $0.name }
  private static var architectures: [any DecoderArchitecture.Type] {
    [
      Llama.self, Qwen2.self, Qwen3.self, Gemma.self, Gemma2.self, Gemma3.self, Olmo2.self,
      SmolLM3.self, Granite.self, Glm4.self, Phi3.self, GPT2.self, Starcoder2.self, StableLM.self,
      Qwen2Moe.self, Qwen3Moe.self, Qwen.self, GptOss.self,
    ]
  }

  public let file: GGUFSet
  /// The value of `general.architecture`.
  public let architecture: String
  let decoder: Decoder
  private let prefetching = Mutex<Prefetch?>(nil)
  /// The instruction set that it computes with.
  public let kernels: Kernels

  /// - Parameter kernels: The instruction set to compute with.
  /// - Throws: ``ModelError``.
  public init(_ file: GGUFSet, kernels: Kernels = .active) throws(ModelError) {
    guard file.files.allSatisfy({ $0.byteOrder == .little }) else { throw .bigEndian }
    guard let name = file.metadata.string("general.architecture") else {
      throw .missingKey("general.architecture")
    }
    guard let type = Self.architectures.first(where: { $0.name == name }) else {
      throw .unsupportedArchitecture(name, supported: Self.supportedArchitectures)
    }
    self.file = file
    self.kernels = kernels
    architecture = name
    file.leaveExperts()
    decoder = try type.decoder(
      DecoderParts(TensorSource(file: file, kernels: kernels), architecture: name))
    file.readDenseParts()
    try file.checkLayersAgree(layerCount: decoder.dimensions.layerCount)
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

  /// Begins to read the weights into memory, in the order of the files, on a thread of its own: for a model that
  /// is used at once. Does nothing when they are few, or more than the memory that is left.
  ///
  /// Experts are left where they are until a router chooses them, and the system is asked to leave them too: it
  /// would read on and back around every page that is touched.
  public func prefetch() {
    let stretches = file.neededByEveryToken
    let byteCount = stretches.reduce(0) { $0 + $1.bytes.count }
    guard byteCount > MappedFile.windowByteCount,
      byteCount <= MachineMemory().availableByteCount
    else { return }
    file.leaveExperts()
    prefetching.withLock { $0 = $0 ?? Prefetch(stretches) }
  }

  public var dimensions: ModelDimensions { decoder.dimensions }

  /// The cache that loses nothing beside the weights: F16 for quantized ones, F32 when every tensor is
  /// plain floats.
  public var preferredCacheType: CacheType {
    file.tensors.contains { $0.type.isQuantized } ? .f16 : .f32
  }
}
