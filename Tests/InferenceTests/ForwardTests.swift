import GGUF
import Inference
import Kernels
import TestSupport
import Testing
import Workers

@Suite struct ForwardTests {
  static let models: [TinyModel] = [
    TinyModel(),
    TinyModel(isTied: false, linearScale: 4),
    TinyModel(kvHeads: 6, headDim: 10, ropeBase: 500_000, hasFrequencyFactors: true),
    TinyModel(architecture: "qwen2", isTied: false, ropeBase: 1_000_000),
    TinyModel(architecture: "qwen2", layers: 1, heads: 4, kvHeads: 1, headDim: 12),
  ]

  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 * 37 % 71) } }

  private func session(
    _ tiny: TinyModel, _ folder: TemporaryFolder, workers: Int = 1, level: KernelLevel? = nil,
    cache: CacheType? = nil
  ) throws -> Session {
    let file = try GGUFFile(try tiny.write(to: folder))
    let kernels = level.flatMap { Kernels($0) } ?? .active
    return try Session(
      Model(file, kernels: kernels), cacheType: cache, pool: WorkerPool(workerCount: workers))
  }

  @Test(
    "Logits follow the definition, batched and one by one", arguments: models,
    [CacheType.f16, .f32])
  func matchesDefinition(tiny: TinyModel, cache: CacheType) throws {
    let folder = try TemporaryFolder()
    let tokens = tokens(40)
    let expected = tiny.referenceLogits(tokens, cache: cache).flatMap(\.self)
    for level in KernelLevel.available {
      let session = try session(tiny, folder, level: level, cache: cache)
      let batched = try session.forward(tokens, allLogits: true)
      session.truncate(to: 0)
      var single: [Float] = []
      for token in tokens { single += try session.forward([token], allLogits: false) }
      let largest = expected.map(abs).max()!
      for (name, logits) in [("batched", batched), ("one by one", single)] {
        let worst = zip(logits, expected).map { abs(Double($0) - $1) }.max()!
        #expect(logits.count == expected.count)
        #expect(
          worst < (cache == .f32 ? 1e-5 : 1e-3) * largest,
          "\(level.rawValue), \(name): off by \(worst)")
      }
    }
  }

  @Test("The number of workers changes no bit", arguments: models)
  func workersAreEqual(tiny: TinyModel) throws {
    let folder = try TemporaryFolder()
    let tokens = tokens(70)
    let results = try [1, 2, 7].map { workers in
      let session = try session(tiny, folder, workers: workers)
      var logits = try session.forward(tokens, allLogits: true)
      logits += try session.forward([3], allLogits: true)
      return logits.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test("A truncated session goes on as if the rest had never been")
  func truncation() throws {
    let folder = try TemporaryFolder()
    let session = try session(TinyModel(), folder)
    _ = try session.forward(tokens(20), allLogits: false)
    let first = try session.forward([5, 6], allLogits: false)
    session.truncate(to: 20)
    _ = try session.forward([9, 9, 9], allLogits: false)
    session.truncate(to: 20)
    #expect(try session.forward([5, 6], allLogits: false) == first)
    #expect(session.position == 22)
  }

  @Test("Context and vocabulary have limits")
  func limits() throws {
    let folder = try TemporaryFolder()
    let file = try GGUFFile(try TinyModel().write(to: folder))
    let model = try Model(file)
    #expect(throws: ModelError.contextTooLong(asked: 301, limit: 300)) {
      try Session(model, contextLength: 301)
    }
    let session = try Session(model, contextLength: 10)
    _ = try session.forward(tokens(8), allLogits: false)
    #expect(throws: ModelError.contextFull(contextLength: 10, position: 8, tokenCount: 3)) {
      try session.forward([1, 2, 3], allLogits: false)
    }
    #expect(throws: ModelError.tokenOutOfRange(71, vocabularyCount: 71)) {
      try session.forward([71], allLogits: false)
    }
    #expect(throws: ModelError.tokenOutOfRange(-1, vocabularyCount: 71)) {
      try session.forward([-1], allLogits: false)
    }
    #expect(throws: ModelError.emptyPrompt) { try session.forward([], allLogits: false) }
    #expect(try session.forward([1, 2], allLogits: false).count == 71)
  }

  @Test("Weights that are not numbers are noticed")
  func notANumber() throws {
    let folder = try TemporaryFolder()
    let path = try TinyModel().write(
      to: folder,
      values: { name, count in
        name == "blk.1.ffn_down.weight" ? [Float](repeating: .nan, count: count) : nil
      })
    let session = try Session(try Model(path: path))
    #expect(throws: ModelError.notANumber(position: 2)) {
      try session.forward(tokens(3), allLogits: false)
    }
  }
}

@Suite struct LoadingTests {
  private func load(
    _ tiny: TinyModel = TinyModel(), _ key: String? = nil, _ value: GGUFValue? = nil,
    tensors edit: ([(name: String, shape: [Int])]) -> [(name: String, shape: [Int])] = { $0 }
  ) throws {
    let folder = try TemporaryFolder()
    var metadata = tiny.metadata
    if let key { metadata[key] = value }
    _ = try Model(path: try tiny.write(to: folder, metadata: metadata, tensors: edit))
  }

  @Test("An unknown architecture is refused by name")
  func unknownArchitecture() {
    #expect(
      throws: ModelError.unsupportedArchitecture(
        "mamba", supported: Model.supportedArchitectures)
    ) { try load(TinyModel(), "general.architecture", .string("mamba")) }
    #expect(throws: ModelError.missingKey("general.architecture")) {
      try load(TinyModel(), "general.architecture", nil)
    }
  }

  @Test(
    "A missing number is refused by its key",
    arguments: [
      "llama.block_count", "llama.embedding_length", "llama.feed_forward_length",
      "llama.attention.head_count", "llama.context_length",
      "llama.attention.layer_norm_rms_epsilon",
    ])
  func missingKey(key: String) {
    #expect(throws: ModelError.missingKey(key)) { try load(TinyModel(), key, nil) }
  }

  @Test(
    "A number without sense is refused",
    arguments: [
      ("llama.block_count", GGUFValue.uint32(0)), ("llama.block_count", .string("two")),
      ("llama.attention.head_count", .int32(-4)), ("llama.attention.head_count_kv", .uint32(5)),
      ("llama.embedding_length", .uint64(1 << 62)), ("llama.rope.freq_base", .float32(-.nan)),
      ("llama.rope.dimension_count", .uint32(3)), ("llama.rope.scaling.type", .string("su")),
      ("llama.attention.value_length", .uint32(4)),
    ])
  func badValue(key: String, value: GGUFValue) {
    #expect {
      try load(TinyModel(), key, value)
    } throws: { error in
      guard case .badValue(let found, _, _)? = error as? ModelError else { return false }
      return found == key
    }
  }

  @Test("Every missing tensor is refused by name")
  func missingTensor() throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(architecture: "llama", isTied: false)
    let names = try GGUFFile(try tiny.write(to: folder)).tensors.map(\.name)
    // Without an output matrix the embedding serves.
    for name in names where name != "output.weight" {
      #expect(throws: ModelError.missingTensor(name)) {
        try load(tiny, tensors: { $0.filter { $0.name != name } })
      }
    }
  }

  @Test("A tensor of the wrong shape is refused with both shapes")
  func wrongShape() {
    #expect {
      try load(tensors: {
        $0.map { ($0.name, $0.name == "blk.1.ffn_up.weight" ? [48, 80] : $0.shape) }
      })
    } throws: { error in
      guard case .wrongShape("blk.1.ffn_up.weight", let found, [80, 48])? = error as? ModelError
      else { return false }
      return found.dimensions == [48, 80]
    }
  }
}
