package import GGUF
package import MappedFiles
package import Safetensors
import TensorCore

/// The header of a GGUF or safetensors file, as far as its seal goes.
package struct SealedHeader: Sendable {
  struct Tensor: Sendable {
    let name: String
    let rows: Int
    let range: Range<Int>
  }

  /// How digests of chunks stand in the header.
  enum Form: Sendable {
    /// Two numbers each.
    case words(ByteOrder)
    case digits
  }

  /// Bytes of the header.
  package let dataOffset: Int
  let tensors: [Tensor]
  /// Where the file ends when the format alone does not say so: behind its last padding.
  let paddedEnd: Int?
  let form: Form
  /// Where the values of keys lie.
  let places: [String: Range<Int>]
  /// `nil` where there is none.
  package let seal: Result<Seal, SealFlaw>?

  package init(_ header: GGUFHeader) {
    dataOffset = header.dataOffset
    tensors = header.tensors.map {
      Tensor(
        name: $0.name, rows: $0.shape.rows, range: $0.offset..<$0.offset + $0.byteCount)
    }
    paddedEnd = header.paddedEnd
    form = .words(header.byteOrder)
    places = header.valuePlaces
    seal = Seal.read(header.metadata, header.valuePlaces, map: Self.map(tensors))
  }

  package init(_ header: SafetensorsHeader) {
    dataOffset = header.dataOffset
    tensors = header.tensors.map {
      Tensor(
        name: $0.name, rows: $0.shape.rows, range: $0.offset..<$0.offset + $0.byteCount)
    }
    paddedEnd = nil
    form = .digits
    places = header.valuePlaces
    seal = Seal.read(header.metadata, header.valuePlaces, map: Self.map(tensors))
  }

  /// Reads the header of either format.
  ///
  /// - Parameter bytes: The header; data behind it do not matter.
  package init(parsing bytes: UnsafeRawBufferPointer) throws {
    if bytes.starts(with: "GGUF".utf8) {
      self.init(try GGUFHeader(parsing: bytes, requiringData: false))
    } else {
      self.init(try SafetensorsHeader(parsing: bytes, requiringData: false))
    }
  }

  private static func map(_ tensors: [Tensor]) -> (_ chunkByteCount: Int) -> ChunkMap {
    { ChunkMap(tensors.map(\.range), chunkByteCount: $0) }
  }

  /// What a writer takes digests of.
  package var chunks: ChunkMap { ChunkMap(tensors.map(\.range)) }

  func map(chunkByteCount: Int) -> ChunkMap { Self.map(tensors)(chunkByteCount) }

  /// The digest of the header, its own taken as zeros.
  ///
  /// - Parameter bytes: Begins with the header.
  func digest(of bytes: UnsafeRawBufferPointer) -> Digest128 {
    let own = places[Seal.Key.header].map { $0.suffix(Seal.digitCount) } ?? 0..<0
    let stream = DigestStream()
    stream.add(UnsafeRawBufferPointer(rebasing: bytes[..<own.lowerBound]))
    Array(Seal.zeros.utf8.prefix(own.count)).withUnsafeBytes(stream.add)
    stream.add(UnsafeRawBufferPointer(rebasing: bytes[own.upperBound..<dataOffset]))
    return stream.digest
  }

  /// The digest of the header as it was sealed, whatever becomes of the rest of the seal.
  func sealedDigest(in bytes: UnsafeRawBufferPointer) -> Digest128? {
    places[Seal.Key.header].flatMap { Digest128(digits: bytes[$0.suffix(Seal.digitCount)]) }
  }

  /// Whether the header is the one that was sealed, and its seal speaks of the tensors there are.
  package func isWhole(in bytes: UnsafeRawBufferPointer) -> Bool {
    guard case .success(let seal)? = seal, dataOffset <= bytes.count else { return false }
    return digest(of: bytes) == seal.header
  }

  /// Where the digest of a chunk stands.
  func place(ofDigest chunk: Int) -> Range<Int> {
    guard let place = places[Seal.Key.chunks] else { return 0..<0 }
    let (start, size) =
      switch form {
      case .words: (place.lowerBound + Self.arrayHeadByteCount, 16)
      case .digits: (place.lowerBound, Seal.digitCount)
      }
    return start + chunk * size..<start + (chunk + 1) * size
  }

  /// The type of an array's elements and their number.
  private static let arrayHeadByteCount = 12

  /// A digest as it stands in the list of chunks.
  func bytes(of digest: Digest128) -> [UInt8] {
    switch form {
    case .words(let order):
      [digest.high, digest.low].flatMap { withUnsafeBytes(of: order.ordered($0), Array.init) }
    case .digits: Array(digest.description.utf8)
    }
  }
}

extension GGUFHeader {
  /// Where the padding behind the last tensor ends.
  var paddedEnd: Int {
    let end = tensors.filter { $0.byteCount > 0 }.map { $0.offset + $0.byteCount }.max()
    let byteCount = (end ?? dataOffset) - dataOffset
    let padding = (alignment - byteCount % alignment) % alignment
    // A header may speak of more bytes than there are numbers for.
    let (sum, overflow) = (dataOffset + byteCount).addingReportingOverflow(padding)
    return overflow ? .max : sum
  }
}

extension SealedHeader {
  /// Fills the digests into a header that has room for them, last its own.
  ///
  /// - Parameters:
  ///   - header: The bytes that this was read from.
  ///   - chunks: One for each chunk; `nil` to leave those that stand there.
  package func complete(_ header: inout [UInt8], with chunks: [Digest128]?) {
    for (chunk, digest) in (chunks ?? []).enumerated() {
      header.replaceSubrange(place(ofDigest: chunk), with: bytes(of: digest))
    }
    guard let own = places[Seal.Key.header] else { return }
    let digest = header.withUnsafeBytes { self.digest(of: $0) }
    header.replaceSubrange(own.suffix(Seal.digitCount), with: Array(digest.description.utf8))
  }
}
