import Foundation
import GGUF
import Inference
import Kernels
import SystemPackage
import TestSupport
import Testing
import Workers

@Suite struct CacheTests {
  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 * 37 % 71) } }

  @Test("The number of workers changes no bit, whatever the cache", arguments: CacheType.allCases)
  func workersAreEqual(type: CacheType) throws {
    let folder = try TemporaryFolder()
    let path = try TinyModel(kvHeads: 6, headDim: 10).write(to: folder)
    let results = try [1, 2, 7].map { workers in
      let session = try Session(
        Model(path: path), cacheType: type, pool: WorkerPool(workerCount: workers))
      var logits = try session.forward(tokens(70), allLogits: true)
      logits += try session.forward([3], allLogits: true)
      return logits.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test("The finer a cache, the nearer are logits to the definition", arguments: [8, 12, 64])
  func rounding(headDim: Int) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(headDim: headDim)
    let model = try Model(path: try tiny.write(to: folder))
    let expected = tiny.referenceLogits(tokens(40), cache: .f32).flatMap(\.self)
    func error(_ type: CacheType) throws -> Double {
      let session = try Session(model, cacheType: type)
      let logits = try session.forward(tokens(40), allLogits: true)
      let sum = zip(logits, expected).reduce(0.0) {
        $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
      }
      return (sum / Double(expected.count)).squareRoot()
    }
    let f16 = try error(.f16), q8_0 = try error(.q8_0), bf16 = try error(.bf16)
    #expect(try error(.f32) < f16)
    #expect(f16 < min(bf16, q8_0))
    #expect(try error(.q4_0) > 4 * max(bf16, q8_0))
  }

  @Test("A bias of keys that turns slowly costs a cache no precision", arguments: [6, 2])
  func biases(kvHeads: Int) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(architecture: "qwen2", kvHeads: kvHeads, headDim: 8, ropeBase: 1e9)
    func error(_ type: CacheType, bias: Float) throws -> Double {
      let path = try tiny.write(
        to: folder,
        values: { name, count in
          guard name.hasSuffix("attn_k.bias") else { return nil }
          // The slower half of the pairs.
          return (0..<count).map { $0 % 4 >= 2 ? ($0 % 8 < 4 ? bias : -bias / 2) : 0 }
        })
      let model = try Model(path: path)
      let logits = try [CacheType.f32, type].map {
        try Session(model, cacheType: $0).forward(tokens(290), allLogits: true)
      }
      return zip(logits[0], logits[1]).reduce(0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }.squareRoot()
    }
    for type in [CacheType.q8_0, .q4_0, .bf16] {
      #expect(try error(type, bias: 100) < 2 * error(type, bias: 0), "\(type)")
    }
  }

  @Test(
    "A layer whose keys have a long bias that turns fast is held in F16, and others are not",
    arguments: [CacheType.q8_0, .q4_0])
  func fastBias(type: CacheType) throws {
    let folder = try TemporaryFolder()
    let tiny = TinyModel(architecture: "qwen2", layers: 2, kvHeads: 2, headDim: 8, ropeBase: 1e9)
    func session(bias: Float) throws -> Session {
      let path = try tiny.write(
        to: folder,
        values: { name, count in
          guard name == "blk.1.attn_k.bias" else { return nil }
          // The first pair of the first head turns by a radian from one position to the next.
          return (0..<count).map { $0 == 0 ? bias : 0 }
        })
      return try Session(try Model(path: path), contextLength: 64, cacheType: type)
    }
    let narrow = try session(bias: 1), wide = try session(bias: 100)
    let dimensions = narrow.model.dimensions
    let whole = try #require(dimensions.cacheByteCount(contextLength: 64, type: type))
    let floats = try #require(dimensions.cacheByteCount(contextLength: 64, type: .f16))
    #expect(narrow.cacheByteCount == whole)
    #expect(wide.cacheByteCount == whole / 2 + floats / 2)

    func error(_ session: Session) throws -> Double {
      let exact = try Session(session.model, contextLength: 64, cacheType: .f32)
      let logits = try [exact, session].map { try $0.forward(tokens(60), allLogits: true) }
      return zip(logits[0], logits[1]).reduce(0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }.squareRoot()
    }
    #expect(try error(wide) < 2 * error(narrow))
  }

  @Test("Sizes are those of the types: half of F16 is nearly Q8_0, a quarter Q4_0")
  func sizes() throws {
    let folder = try TemporaryFolder()
    let dimensions = try Model(
      path: try TinyModel(kvHeads: 2, headDim: 64).write(to: folder)
    ).dimensions
    func bytes(_ type: CacheType, _ length: Int) -> Int? {
      dimensions.cacheByteCount(contextLength: length, type: type)
    }
    let rows = 2 * 2 * 2 * 32  // layers, keys and values, heads, positions in whole groups
    #expect(bytes(.f32, 32) == rows * 256)
    #expect(bytes(.f16, 17) == rows * 128)
    #expect(bytes(.bf16, 32) == rows * 128)
    #expect(bytes(.q8_0, 32) == rows * 2 * 34)
    #expect(bytes(.q4_0, 31) == rows * 2 * 18)
  }

  @Test("A context that the machine cannot hold is refused before anything is allocated")
  func tooLarge() throws {
    let folder = try TemporaryFolder()
    let model = try Model(
      path: try TinyModel(layers: 2, kvHeads: 6, headDim: 1024, contextLength: 1 << 30)
        .write(to: folder))
    #expect {
      try Session(model, contextLength: 1 << 30, cacheType: .q8_0)
    } throws: { error in
      guard
        case .cacheDoesNotFit(1 << 30, .q8_0, let bytes?, let available)? = error as? ModelError
      else { return false }
      return bytes == (1 << 30) * 2 * 2 * 6 * 32 * 34 && available > 0 && available < bytes
    }
  }

  @Test("A size beyond counting is no size")
  func overflow() throws {
    let folder = try TemporaryFolder()
    var dimensions = try Model(path: try TinyModel().write(to: folder)).dimensions
    dimensions.layerCount = 4096
    dimensions.kvHeadCount = 1 << 16
    dimensions.headDim = 2048
    #expect(dimensions.cacheByteCount(contextLength: 1 << 30, type: .f32) == nil)
  }

  @Test(
    "A sequence that begins as the last one did is seen from where they differ",
    arguments: CacheType.allCases)
  func reuse(type: CacheType) throws {
    let folder = try TemporaryFolder()
    let model = try Model(path: try TinyModel().write(to: folder))
    let session = try Session(model, cacheType: type)
    #expect(session.reuse(prefixOf: tokens(10)) == 0)
    _ = try session.forward(tokens(10))
    #expect(session.history == tokens(10))
    // The last token must be seen again for there to be logits.
    #expect(session.reuse(prefixOf: tokens(10)) == 9)
    #expect(session.reuse(prefixOf: []) == 0)
    _ = try session.forward(tokens(30))
    let other = tokens(20) + [7, 8, 9]
    #expect(session.reuse(prefixOf: other) == 20)
    #expect(session.position == 20)
    let reused = try session.forward(Array(other[20...]), allLogits: false)
    let fresh = try Session(model, cacheType: type)
    _ = try fresh.forward(tokens(20))
    #expect(try fresh.forward([7, 8, 9], allLogits: false) == reused)
  }
}

@Suite struct MachineMemoryTests {
  private func available(_ files: [String: String]) throws -> Int {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      try FileManager.default.createDirectory(
        atPath: folder.path.appending(FilePath(name).removingLastComponent().components).string,
        withIntermediateDirectories: true)
      _ = try folder.write(Array(text.utf8), as: name)
    }
    return MachineMemory(root: folder.path).availableByteCount
  }

  private static let plenty = "MemTotal: 9 kB\nMemAvailable:   1000 kB\n"

  @Test("What Linux has available bounds what may be claimed")
  func available() throws {
    #expect(try available(["proc/meminfo": Self.plenty]) == 1_024_000)
    #expect(MachineMemory().availableByteCount > 0)
  }

  @Test("Without a word from the kernel it is the machine's memory")
  func silent() throws {
    #expect(try available([:]) > 1 << 24)
    #expect(
      try available(["proc/meminfo": "MemAvailable: much\n", "proc/self/cgroup": "?"]) > 1 << 24)
  }

  @Test("A control group bounds it, and so do those around it")
  func unifiedGroups() throws {
    var files = [
      "proc/meminfo": Self.plenty, "proc/self/cgroup": "0::/a/b\n",
      "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "500000\n",
      "sys/fs/cgroup/a/memory.current": "300000\n",
      "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 100000\nactive_file 50000\n",
    ]
    #expect(try available(files) == 350_000)
    files["sys/fs/cgroup/a/b/memory.max"] = "9000\n"
    files["sys/fs/cgroup/a/b/memory.current"] = "10000\n"
    #expect(try available(files) == 0)
  }

  @Test("The older interface counts too, and a group that cannot be seen is passed over")
  func olderGroups() throws {
    let files = [
      "proc/meminfo": Self.plenty, "proc/self/cgroup": "3:cpu:/x\n4:hugetlb,memory:/gone/away\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "400000\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "150000\n",
      "sys/fs/cgroup/memory/memory.stat": "inactive_file 9\ntotal_inactive_file 50000\n",
    ]
    #expect(try available(files) == 300_000)
  }
}
