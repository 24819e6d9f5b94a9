package import GGUF
internal import MappedFiles

extension GGUFMetadata {
  /// The same without a seal.
  package var withoutSeal: Self {
    var metadata = self
    for key in keys where key.hasPrefix(Seal.prefix) { metadata[key] = nil }
    return metadata
  }

  /// The same with room for the seal of tensors of these sizes, in the file's order, as its last keys.
  package func withRoomForSeal(of byteCounts: [Int]) -> Self {
    let map = ChunkMap(sizes: byteCounts)
    var metadata = withoutSeal
    metadata[Seal.Key.version] = .uint32(UInt32(Seal.version))
    metadata[Seal.Key.chunkSize] = .uint64(UInt64(map.chunkByteCount))
    metadata[Seal.Key.chunks] = .array(.uint64(Array(repeating: 0, count: 2 * map.count)))
    metadata[Seal.Key.header] = .string(Seal.zeros)
    return metadata
  }
}

extension [String: String] {
  /// The metadata of a safetensors file without a seal.
  package var withoutSeal: Self { filter { !$0.key.hasPrefix(Seal.prefix) } }

  /// The same with room for the seal of tensors of these sizes.
  package func withRoomForSeal(of byteCounts: [Int]) -> Self {
    let map = ChunkMap(sizes: byteCounts)
    var metadata = withoutSeal
    metadata[Seal.Key.version] = "\(Seal.version)"
    metadata[Seal.Key.chunkSize] = "\(map.chunkByteCount)"
    metadata[Seal.Key.chunks] = String(repeating: "0", count: Seal.digitCount * map.count)
    metadata[Seal.Key.header] = Seal.zeros
    return metadata
  }
}

extension ChunkMap {
  /// The map of tensors of these sizes, wherever they lie: as many chunks of the same size as in their file.
  fileprivate init(sizes: [Int]) {
    var end = 0
    self.init(
      sizes.map { size in
        defer { end += size }
        return end..<end + size
      })
  }
}

// MARK: - Reading

extension Seal {
  typealias Reading = Result<Seal, SealFlaw>

  static func read(
    _ metadata: GGUFMetadata, _ places: [String: Range<Int>], map: (Int) -> ChunkMap
  ) -> Reading? {
    guard metadata.keys.contains(where: { $0.hasPrefix(prefix) }) else { return nil }
    let values = Values(places: places) { key in
      switch metadata[key] {
      case .uint32(let value)? where key == Key.version: .number(UInt64(value))
      case .uint64(let value)? where key == Key.chunkSize: .number(value)
      case .string(let text)? where key == Key.header: .digits(Array(text.utf8))
      case .array(.uint64(let list))? where key == Key.chunks: .words(list)
      case let value?: .other("a value of type \(value.typeName)")
      case nil: .other("nothing")
      }
    }
    return values.read(map: map)
  }

  static func read(
    _ metadata: [String: String], _ places: [String: Range<Int>], map: (Int) -> ChunkMap
  ) -> Reading? {
    guard metadata.keys.contains(where: { $0.hasPrefix(prefix) }) else { return nil }
    let values = Values(places: places) { key in
      guard let text = metadata[key] else { return .other("nothing") }
      // An escape would move the digits.
      guard places[key]?.count == text.utf8.count else { return .other("escapes") }
      guard key == Key.version || key == Key.chunkSize else { return .digits(Array(text.utf8)) }
      guard let number = UInt64(text), "\(number)" == text else { return .other("no number") }
      return .number(number)
    }
    return values.read(map: map)
  }
}

/// The values of a seal as either format has them.
private struct Values {
  enum Value {
    case number(UInt64)
    case words([UInt64])
    case digits([UInt8])
    case other(String)
  }

  let places: [String: Range<Int>]
  let value: (String) -> Value

  func read(map: (Int) -> ChunkMap) -> Seal.Reading {
    Result { () throws(SealFlaw) in try seal(map: map) }
  }

  private func seal(map: (Int) -> ChunkMap) throws(SealFlaw) -> Seal {
    let version = try number(Seal.Key.version, "\(Seal.version)")
    guard version == Seal.version else {
      throw flaw(Seal.Key.version, "\(Seal.version)", "\(version)")
    }
    let size = try number(Seal.Key.chunkSize, "a number of bytes")
    guard ChunkMap.isValid(chunkByteCount: size) else {
      throw flaw(Seal.Key.chunkSize, "a power of two from 2^20 on", "\(size)")
    }
    guard case .digits(let digits) = value(Seal.Key.header),
      let header = Digest128(digits: digits)
    else { throw flaw(Seal.Key.header, "\(Seal.digitCount) digits", "something else") }
    let chunks = try digests()
    let count = map(size).count
    guard chunks.count == count else {
      throw flaw(Seal.Key.chunks, "\(count) digests", "\(chunks.count)")
    }
    return Seal(chunkByteCount: size, chunks: chunks, header: header)
  }

  private func number(_ key: String, _ expected: String) throws(SealFlaw) -> Int {
    switch value(key) {
    case .number(let number):
      guard let number = Int(exactly: number) else { throw flaw(key, expected, "\(number)") }
      return number
    case .other(let found): throw flaw(key, expected, found)
    case .words, .digits: throw flaw(key, expected, "a list")
    }
  }

  private func digests() throws(SealFlaw) -> [Digest128] {
    switch value(Seal.Key.chunks) {
    case .words(let words) where words.count % 2 == 0:
      return stride(from: 0, to: words.count, by: 2).map {
        Digest128(high: words[$0], low: words[$0 + 1])
      }
    case .digits(let digits) where digits.count % Seal.digitCount == 0:
      var list: [Digest128] = []
      for start in stride(from: 0, to: digits.count, by: Seal.digitCount) {
        guard let digest = Digest128(digits: digits[start..<start + Seal.digitCount]) else {
          throw flaw(
            Seal.Key.chunks, "digests of \(Seal.digitCount) digits", "something else", start)
        }
        list.append(digest)
      }
      return list
    case .words, .digits: throw flaw(Seal.Key.chunks, "whole digests", "a part of one")
    case .other(let found): throw flaw(Seal.Key.chunks, "a list of digests", found)
    case .number: throw flaw(Seal.Key.chunks, "a list of digests", "a number")
    }
  }

  private func flaw(
    _ key: String, _ expected: String, _ found: String, _ start: Int = 0
  ) -> SealFlaw {
    SealFlaw(
      key: key, expected: expected, found: found, place: places[key].map { $0.lowerBound + start })
  }
}
