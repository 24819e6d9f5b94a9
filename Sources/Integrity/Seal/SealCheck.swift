package import MappedFiles
import Synchronization
import Workers

/// Holds the bytes of a file against its seal.
package struct SealCheck {
  private let file: MappedFile
  private let header: SealedHeader

  /// - Parameter file: What `header` was read from.
  package init(_ file: MappedFile, _ header: SealedHeader) {
    self.file = file
    self.header = header
  }

  /// Everything that is not as it was sealed, in the order of the file.
  ///
  /// A header that is not whole says nothing reliable about tensors: then it alone is damaged.
  ///
  /// - Parameter structure: What contradicts the header as it is: tensors that are cut, bytes too many.
  func damage(on pool: WorkerPool, structure: [Damage]) -> [Damage] {
    guard header.dataOffset <= file.byteCount else {
      return [
        Damage(
          offset: file.byteCount, byteCount: header.dataOffset - file.byteCount,
          why: "the file ends inside its header")
      ]
    }
    let (digest, sealed) = file.withBytes { (header.digest(of: $0), header.sealedDigest(in: $0)) }
    let isHeaderWhole = sealed == nil || digest == sealed
    guard case .success(let seal)? = header.seal else {
      return isHeaderWhole ? flaw : [headerDamage]
    }
    let map = header.map(chunkByteCount: seal.chunkByteCount)
    let changed = changedChunks(seal, map, on: pool)
    if !isHeaderWhole {
      return isExplained(by: changed, seal) ? changed.map(damage(toDigestOf:)) : [headerDamage]
    }
    return (structure + tensorDamage(changed.map(\.chunk), map) + paddingDamage(map))
      .sorted { ($0.offset ?? 0) < ($1.offset ?? 0) }
  }

  /// Why a file that has no seal cannot have one: there are bytes that no digest would cover.
  package var obstacle: String? {
    if let damage = paddingDamage(header.chunks).first { return damage.why }
    let end = header.paddedEnd ?? file.byteCount
    return end < file.byteCount ? "there are bytes after the last tensor" : nil
  }

  // MARK: Header

  private var headerDamage: Damage {
    Damage(
      offset: 0, byteCount: header.dataOffset, why: "the header is not the one that was sealed")
  }

  private var flaw: [Damage] {
    guard case .failure(let flaw)? = header.seal else { return [] }
    return [
      Damage(
        tensor: nil, firstRow: nil, lastRow: nil, offset: flaw.place, byteCount: nil,
        why: "\(flaw)")
    ]
  }

  /// Whether the header is whole but for the digests of these chunks.
  private func isExplained(by changed: [Changed], _ seal: Seal) -> Bool {
    guard !changed.isEmpty else { return false }
    var bytes = file.withBytes { Array($0.prefix(header.dataOffset)) }
    for (chunk, digest) in changed {
      bytes.replaceSubrange(header.place(ofDigest: chunk), with: header.bytes(of: digest))
    }
    return bytes.withUnsafeBytes { header.digest(of: $0) } == seal.header
  }

  private func damage(toDigestOf changed: Changed) -> Damage {
    let place = header.place(ofDigest: changed.chunk)
    return Damage(
      offset: place.lowerBound, byteCount: place.count,
      why: "the digest of a chunk was changed, not the chunk")
  }

  // MARK: Chunks

  private typealias Changed = (chunk: Int, digest: Digest128)

  private func changedChunks(
    _ seal: Seal, _ map: ChunkMap, on pool: WorkerPool
  ) -> [Changed] {
    let changed = Mutex<[Changed]>([])
    let present = map.firstChunk(endingBehind: file.byteCount)
    pool.forEachChunk(of: present, chunk: 1) { (chunks: Range<Int>, _: Int) in
      for chunk in chunks {
        let range = map.range(of: chunk)
        let digest = file.withBytes {
          Digest128(of: UnsafeRawBufferPointer(rebasing: $0[range]))
        }
        guard digest != seal.chunks[chunk] else { continue }
        changed.withLock { $0.append((chunk, digest)) }
      }
    }
    return changed.withLock { $0 }.sorted { $0.chunk < $1.chunk }
  }

  /// One for each run of neighbouring chunks of a tensor.
  private func tensorDamage(_ chunks: [Int], _ map: ChunkMap) -> [Damage] {
    var runs: [(tensor: Int, start: Int, range: Range<Int>)] = []
    for chunk in chunks {
      let (stretch, range) = (map.stretch(of: chunk), map.range(of: chunk))
      if let last = runs.last, last.tensor == stretch.tensor,
        last.range.upperBound == range.lowerBound
      {
        runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        runs.append((stretch.tensor, stretch.range.lowerBound, range))
      }
    }
    return runs.map { place, start, range in
      let tensor = header.tensors[place]
      return Damage(
        tensor: tensor.name, firstRow: tensor.row(of: range.lowerBound - start),
        lastRow: tensor.row(of: range.upperBound - 1 - start), offset: range.lowerBound,
        byteCount: range.count, why: "not the bytes that were sealed")
    }
  }

  // MARK: Padding

  private func paddingDamage(_ map: ChunkMap) -> [Damage] {
    guard let end = header.paddedEnd else { return [] }
    var damage: [Damage] = []
    var place = header.dataOffset
    for stretch in map.stretches {
      let name = header.tensors[stretch.tensor].name.printable
      damage += padding(place..<stretch.range.lowerBound, "before tensor \(name)")
      place = stretch.range.upperBound
    }
    damage += padding(place..<max(place, end), "behind the last tensor")
    if place <= file.byteCount, file.byteCount < end {
      damage.append(
        Damage(
          offset: file.byteCount, byteCount: end - file.byteCount,
          why: "the file ends in the padding behind the last tensor"))
    }
    return damage
  }

  private func padding(_ range: Range<Int>, _ where: String) -> [Damage] {
    let present = range.clamped(to: 0..<file.byteCount)
    return file.withBytes { bytes in
      let padding = UnsafeRawBufferPointer(rebasing: bytes[present])
      guard let first = padding.firstIndex(where: { $0 != 0 }),
        let last = padding.lastIndex(where: { $0 != 0 })
      else { return [] }
      return [
        Damage(
          offset: present.lowerBound + first, byteCount: last - first + 1,
          why: "the padding \(`where`) is not zeros")
      ]
    }
  }
}

extension SealedHeader.Tensor {
  /// The row that holds a byte of the tensor.
  fileprivate func row(of byte: Int) -> Int {
    range.count.dividingFullWidth(byte.multipliedFullWidth(by: rows)).quotient
  }
}

extension Damage {
  /// Damage to bytes that are in no tensor.
  fileprivate init(offset: Int, byteCount: Int, why: String) {
    self.init(
      tensor: nil, firstRow: nil, lastRow: nil, offset: offset, byteCount: byteCount, why: why)
  }
}
