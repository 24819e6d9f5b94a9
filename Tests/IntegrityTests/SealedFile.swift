import GGUF
import MappedFiles
import Safetensors
import TensorCore

/// A small file with a seal that this code made by itself, from Specs/seal.md alone.
struct SealedFile {
  enum Format: CaseIterable { case gguf, bigEndianGGUF, safetensors }

  /// What each test may change before the header is sealed.
  struct Keys {
    var version = 1
    var chunkSize = 1 << 20
    /// Digests that are left out at the end.
    var missingDigests = 0
    var withoutKey: String?
    var headerDigits = String(repeating: "0", count: 32)
  }

  var bytes: [UInt8]
  let dataOffset: Int
  /// In the order of the file.
  let tensors: [(name: String, rows: Int, range: Range<Int>)]

  init(_ format: Format, _ shapes: [[Int]] = [[3, 5], [2, 2, 3], []], _ keys: Keys = Keys()) throws
  {
    let infos = try shapes.enumerated().map { index, shape in
      (name: "tensor\(index)", type: TensorType.f32, shape: try Shape(shape))
    }
    let values = infos.map { info in
      (0..<info.shape.elementCount * 4).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 9) }
    }
    let digests = values.flatMap { Self.digests(of: $0, chunkSize: 1 << 20) }
      .dropLast(keys.missingDigests)
    var header: [UInt8]
    switch format {
    case .gguf, .bigEndianGGUF:
      let layout = try GGUFLayout(
        metadata: Self.metadata(digests, keys), tensors: infos,
        byteOrder: format == .gguf ? .little : .big)
      header = layout.header
      bytes = [UInt8](repeating: 0, count: layout.byteCount)
      tensors = zip(layout.tensors, infos).map { place, info in
        (info.name, place.shape.rows, place.offset..<place.offset + place.byteCount)
      }
    case .safetensors:
      let layout = try SafetensorsLayout(
        metadata: Self.textMetadata(digests, keys), tensors: infos)
      header = layout.header
      bytes = [UInt8](repeating: 0, count: layout.byteCount)
      tensors = layout.tensors.map {
        ($0.name, $0.shape.rows, $0.offset..<$0.offset + $0.byteCount)
      }
    }
    dataOffset = header.count
    for (tensor, own) in zip(tensors, values) { bytes.replaceSubrange(tensor.range, with: own) }
    let digest = header.withUnsafeBytes { Digest128(of: $0) }
    if let place = header.firstRange(of: Array(keys.headerDigits.utf8)),
      keys.headerDigits.allSatisfy({ $0 == "0" })
    {
      header.replaceSubrange(Self.last(place, in: header), with: Array("\(digest)".utf8))
    }
    bytes.replaceSubrange(0..<header.count, with: header)
  }

  private static func digests(of bytes: [UInt8], chunkSize: Int) -> [Digest128] {
    stride(from: 0, to: bytes.count, by: chunkSize).map { start in
      bytes[start..<min(start + chunkSize, bytes.count)].withUnsafeBytes { Digest128(of: $0) }
    }
  }

  /// The zeros in which the header's digest will stand: the key comes last but one in neither format.
  private static func last(_ place: Range<Int>, in header: [UInt8]) -> Range<Int> {
    let key = Array("quern.seal.header".utf8)
    guard let start = header.firstRange(of: key)?.upperBound,
      let zeros = header[start...].firstRange(of: Array(repeating: UInt8(ascii: "0"), count: 32))
    else { return place }
    return zeros
  }

  private static func metadata(
    _ digests: ArraySlice<Digest128>, _ keys: Keys
  ) -> GGUFMetadata {
    var metadata = GGUFMetadata([
      ("general.architecture", .string("llama")),
      ("quern.seal.version", .uint32(UInt32(keys.version))),
      ("quern.seal.chunk_size", .uint64(UInt64(keys.chunkSize))),
      ("quern.seal.chunks", .array(.uint64(digests.flatMap { [$0.high, $0.low] }))),
      ("quern.seal.header", .string(keys.headerDigits)),
    ])
    if let key = keys.withoutKey { metadata[key] = nil }
    return metadata
  }

  private static func textMetadata(
    _ digests: ArraySlice<Digest128>, _ keys: Keys
  ) -> [String: String] {
    var metadata = [
      "format": "pt", "quern.seal.version": "\(keys.version)",
      "quern.seal.chunk_size": "\(keys.chunkSize)",
      "quern.seal.chunks": digests.map(\.description).joined(),
      "quern.seal.header": keys.headerDigits,
    ]
    if let key = keys.withoutKey { metadata[key] = nil }
    return metadata
  }
}
