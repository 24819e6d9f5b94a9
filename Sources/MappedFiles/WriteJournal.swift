import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What of a file has been written, on disk, so that a killed program can go on.
///
/// Specs/journal.md has the format: a header that names the work, then a record for each finished slab,
/// appended after the slab's bytes.
struct WriteJournal {
  /// A finished stretch of the file.
  struct Record: Sendable, Hashable {
    let offset: Int
    let byteCount: Int
    let digest: Digest128
  }

  static let magic: UInt64 = 0x314A_4E52_4555_5151  // "QQUERNJ1", first byte lowest
  static let headerByteCount = 40
  static let recordByteCount = 40

  /// The records of a journal, or `nil` when it is of other work or damaged at its head.
  ///
  /// A record that does not match its own checksum ends the list: a kill may tear the last one.
  static func records(
    in bytes: [UInt8], identity: Digest128, byteCount: Int
  ) -> [Record]? {
    guard bytes.count >= headerByteCount,
      bytes.prefix(headerByteCount).elementsEqual(header(identity: identity, byteCount: byteCount))
    else { return nil }
    var records: [Record] = []
    var start = headerByteCount
    while start + recordByteCount <= bytes.count {
      guard let record = Record(Array(bytes[start..<start + recordByteCount])),
        record.offset >= 0, record.byteCount > 0, record.byteCount <= byteCount - record.offset
      else { break }
      records.append(record)
      start += recordByteCount
    }
    return records
  }

  static func header(identity: Digest128, byteCount: Int) -> [UInt8] {
    sealed([magic, identity.high, identity.low, UInt64(byteCount)])
  }

  /// Words in little-endian order and the low half of their digest.
  fileprivate static func sealed(_ words: [UInt64]) -> [UInt8] {
    let body = words.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    let check = body.withUnsafeBytes { Digest128(of: $0).low }
    return body + withUnsafeBytes(of: check.littleEndian, Array.init)
  }
}

extension WriteJournal.Record {
  init?(_ bytes: [UInt8]) {
    let words = bytes.withUnsafeBytes { raw in
      (0..<5).map {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
      }
    }
    guard WriteJournal.sealed(Array(words.prefix(4))) == bytes,
      let offset = Int(exactly: words[0]), let byteCount = Int(exactly: words[1])
    else { return nil }
    self.offset = offset
    self.byteCount = byteCount
    digest = Digest128(high: words[2], low: words[3])
  }

  var bytes: [UInt8] {
    WriteJournal.sealed([UInt64(offset), UInt64(byteCount), digest.high, digest.low])
  }
}
