import GGUF
import Integrity
import MappedFiles
import Safetensors

/// The seal of a file whose header is edited: its chunks stay what they are.
extension EditedFile {
  static let whySealIsFixed =
    "it says what the bytes of the file are; --no-seal takes the seal away"

  /// The header as it is, as far as its seal goes.
  private var sealedHeader: SealedHeader {
    switch content {
    case .gguf(let file, _, _): SealedHeader(file.header)
    case .safetensors(let file, _, _): SealedHeader(file.header)
    }
  }

  var hasSeal: Bool { sealedHeader.seal != nil }

  /// The problem with a seal that nobody can vouch for.
  var brokenSeal: EditError.Reason? {
    let header = sealedHeader
    guard header.seal != nil, !file.withBytes({ header.isWhole(in: $0) }) else { return nil }
    return .brokenSeal(file.path.lastComponent?.string ?? "")
  }

  /// This file with room for a seal, and what it takes digests of; a file that has a seal as it is.
  ///
  /// - Returns: `nil` for a file that cannot be sealed, and why.
  func withRoomForSeal() -> (file: EditedFile, chunks: ChunkMap?, obstacle: String?) {
    let header = sealedHeader
    guard header.seal == nil else { return (self, nil, nil) }
    if let obstacle = SealCheck(file, header).obstacle { return (self, nil, obstacle) }
    switch content {
    case .gguf(let file, let metadata, let names):
      let sizes = file.tensors.map(\.byteCount)
      return (
        EditedFile(
          content: .gguf(file, metadata.withRoomForSeal(of: sizes), names: names), isChanged: true),
        header.chunks, nil
      )
    case .safetensors(let file, let metadata, let names):
      let sizes = file.tensors.map(\.byteCount)
      return (
        EditedFile(
          content: .safetensors(file, metadata.withRoomForSeal(of: sizes), names: names),
          isChanged: true),
        header.chunks, nil
      )
    }
  }

  /// A new header with its digest, when it has a seal.
  static func resealed(_ header: [UInt8]) throws -> [UInt8] {
    var header = header
    let sealed = try header.withUnsafeBytes { try SealedHeader(parsing: $0) }
    sealed.complete(&header, with: nil)
    return header
  }
}
