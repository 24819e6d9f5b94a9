import Integrity
import SystemPackage
import TestSupport
import Testing
import Workers

@Suite struct SealTests {
  let folder: TemporaryFolder
  private let pool = WorkerPool(workerCount: 1)
  init() throws { folder = try TemporaryFolder() }

  private func verify(_ bytes: [UInt8]) throws -> FileVerdict {
    try #require(Verification.verify(folder.write(bytes, as: "file"), on: pool).first)
  }

  @Test("A sealed file is intact as it was written", arguments: SealedFile.Format.allCases)
  func intact(format: SealedFile.Format) throws {
    for shapes in [
      [[3, 5], [2, 2, 3], []], [], [[0, 4], [7]], [[300, 1024], [1], [700, 2048]],
    ] {
      let verdict = try verify(SealedFile(format, shapes).bytes)
      #expect(verdict.isSealed)
      #expect(verdict.damage == [])
    }
  }

  @Test(
    "Every flipped bit is found and located: in its tensor, in the padding, or in the header",
    arguments: SealedFile.Format.allCases)
  func everyBit(format: SealedFile.Format) throws {
    let file = try SealedFile(format)
    for place in file.bytes.indices {
      for bit in 0..<8 {
        var bytes = file.bytes
        bytes[place] ^= 1 << bit
        let damage = try verify(bytes).damage
        try #require(!damage.isEmpty, "byte \(place), bit \(bit)")
        guard place >= file.dataOffset else {
          #expect(damage.allSatisfy { $0.firstRow == nil }, "byte \(place), bit \(bit)")
          continue
        }
        try #require(damage.count == 1)
        let (start, count) = try (#require(damage[0].offset), #require(damage[0].byteCount))
        #expect((start..<start + count).contains(place))
        let tensor = file.tensors.first { $0.range.contains(place) }
        #expect(damage[0].tensor == tensor?.name)
        #expect(damage[0].firstRow == tensor.map { _ in 0 })
        #expect(damage[0].lastRow == tensor.map { $0.rows - 1 })
      }
    }
  }

  @Test("A file cut short anywhere is damaged", arguments: SealedFile.Format.allCases)
  func everyCut(format: SealedFile.Format) throws {
    let file = try SealedFile(format)
    for count in 0..<file.bytes.count {
      #expect(try !verify(Array(file.bytes.prefix(count))).isIntact, "\(count) bytes")
    }
    #expect(try !verify(file.bytes + [0]).isIntact)
  }

  @Test(
    "Damage names the rows of its chunks, and neighbouring chunks are one",
    arguments: SealedFile.Format.allCases)
  func rows(format: SealedFile.Format) throws {
    // Chunks of 1 MiB are 256 rows of 4096 bytes; of the other tensor, they end inside rows.
    let file = try SealedFile(format, [[1200, 1024], [1000, 1500]])
    func damage(at places: [(tensor: Int, byte: Int)]) throws -> [String] {
      var bytes = file.bytes
      for (tensor, byte) in places { bytes[file.tensors[tensor].range.lowerBound + byte] ^= 1 }
      return try verify(bytes).damage.map {
        "\($0.tensor ?? "") \($0.firstRow ?? -1)-\($0.lastRow ?? -1) \($0.byteCount ?? 0)"
      }
    }
    let mebi = 1 << 20
    #expect(try damage(at: [(0, 0)]) == ["tensor0 0-255 \(mebi)"])
    #expect(try damage(at: [(0, mebi), (0, 3 * mebi - 1)]) == ["tensor0 256-767 \(2 * mebi)"])
    #expect(
      try damage(at: [(0, 0), (0, 2 * mebi)]) == [
        "tensor0 0-255 \(mebi)", "tensor0 512-767 \(mebi)",
      ])
    #expect(
      try damage(at: [(0, 1200 * 4096 - 1), (1, 0), (1, 5 * mebi)]) == [
        "tensor0 1024-1199 \(176 * 4096)", "tensor1 0-174 \(mebi)",
        "tensor1 873-999 \(6_000_000 - 5 * mebi)",
      ])
  }

  @Test("A digest of a chunk that was changed accuses no tensor")
  func changedDigest() throws {
    var file = try SealedFile(.gguf)
    let key = Array("quern.seal.chunks".utf8)
    let place = try #require(file.bytes.firstRange(of: key)).upperBound + 4 + 12
    file.bytes[place + 20] ^= 1
    let damage = try verify(file.bytes).damage
    #expect(damage.map(\.offset) == [place + 16])
    #expect(damage.map(\.byteCount) == [16])
    #expect(damage.map(\.tensor) == [nil])
  }

  struct Contradiction: CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout SealedFile.Keys) -> Void
  }

  static let contradictions: [Contradiction] = [
    Contradiction(testDescription: "another version") { $0.version = 2 },
    Contradiction(testDescription: "chunks of no bytes") { $0.chunkSize = 0 },
    Contradiction(testDescription: "small chunks") { $0.chunkSize = 1 << 19 },
    Contradiction(testDescription: "a chunk size that is no power of two") {
      $0.chunkSize = 3 << 20
    },
    Contradiction(testDescription: "a digest too few") { $0.missingDigests = 1 },
    Contradiction(testDescription: "no version") { $0.withoutKey = "quern.seal.version" },
    Contradiction(testDescription: "no chunk size") { $0.withoutKey = "quern.seal.chunk_size" },
    Contradiction(testDescription: "no digests") { $0.withoutKey = "quern.seal.chunks" },
    Contradiction(testDescription: "no digest of the header") {
      $0.withoutKey = "quern.seal.header"
    },
    Contradiction(testDescription: "a short digest") { $0.headerDigits = "0123" },
    Contradiction(testDescription: "no digits") {
      $0.headerDigits = String(repeating: "x", count: 32)
    },
  ]

  @Test(
    "A seal that contradicts itself or the tensors is damage",
    arguments: SealedFile.Format.allCases, contradictions)
  func contradiction(format: SealedFile.Format, contradiction: Contradiction) throws {
    var keys = SealedFile.Keys()
    contradiction.change(&keys)
    let verdict = try verify(SealedFile(format, [[3, 5]], keys).bytes)
    #expect(verdict.isSealed)
    #expect(verdict.damage.count == 1)
    #expect(verdict.damage.first?.why.hasPrefix("the seal's quern.seal.") == true)
  }

  @Test("A GGUF whose tensor ends where numbers do is damaged, not a trap")
  func hugeTensor() throws {
    var file = try SealedFile(.gguf, [[1, 1]])
    // The extents stand behind the name and their number.
    let place = try #require(file.bytes.firstRange(of: Array("tensor0".utf8))).upperBound + 4
    let extent = UInt64(Int.max / 4)
    withUnsafeBytes(of: extent.littleEndian) {
      file.bytes.replaceSubrange(place..<place + 8, with: $0)
    }
    #expect(try !verify(file.bytes).isIntact)
  }
}
