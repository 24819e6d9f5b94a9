extension PieceModel: SubwordModel {
  func makeEncoder() -> any SubwordEncoder { PieceEncoder(self) }

  /// A piece is one whatever it is made of.
  func makes(_ text: ArraySlice<UInt8>) -> Bool { false }
}

/// Encodes texts by the pieces of a SentencePiece vocabulary; remembers the stretches it has seen.
private final class PieceEncoder: SubwordEncoder {
  private let model: PieceModel
  private var merger = PieceMerger()
  private var cache = WordCache()

  init(_ model: PieceModel) { self.model = model }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    let start = ids.count
    encodeText(word, &ids)
    if model.bytes == nil { fuseUnknown(&ids, from: start) }
  }

  /// Unknown pieces in a row are one.
  private func fuseUnknown(_ ids: inout [Int32], from start: Int) {
    var kept = start
    for index in ids.indices.dropFirst(start) {
      if ids[index] == model.unknown, kept > start, ids[kept - 1] == model.unknown { continue }
      ids[kept] = ids[index]
      kept += 1
    }
    ids.removeLast(ids.count - kept)
  }

  private func encodeText(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
    guard let userDefined = model.userDefined, model.algorithm != .word else {
      return encodeStretch(text, &ids)
    }
    if model.hasUnused, model.algorithm == .bytePair {
      return merger.encode(text, with: model, symbols: userDefined, into: &ids)
    }
    var start = 0
    var place = 0
    while place < text.count {
      if let match = userDefined.longestMatch(in: text, at: place) {
        encodeStretch(UnsafeBufferPointer(rebasing: text[start..<place]), &ids)
        ids.append(match.value)
        place += match.count
        start = place
      } else {
        place = min(place + UTF8Width.width(lead: text[place]), text.count)
      }
    }
    encodeStretch(UnsafeBufferPointer(rebasing: text[start...]), &ids)
  }

  /// Encodes what holds no user-defined symbol.
  private func encodeStretch(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
    switch model.algorithm {
    case .word: cut(text, &ids) { PieceModel.startsWord($0, $1) }
    case .character: cut(text, &ids) { _, _ in true }
    // What an unused piece is made of may be told by another place of the text.
    case .bytePair where model.hasUnused: merger.encode(text, with: model, into: &ids)
    default: model.seams.forEachStretch(of: text) { encodeSegment($0, &ids) }
    }
  }

  private func encodeSegment(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
    guard text.count <= WordCache.longestWord else {
      return merger.encode(text, with: model, into: &ids)
    }
    let hash = ByteHash.hash(text)
    if cache.append(text, hash, to: &ids) { return }
    let start = ids.count
    merger.encode(text, with: model, into: &ids)
    cache.remember(text, hash, ids[start...])
  }

  /// Looks up what lies between the cuts, whole.
  private func cut(
    _ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32],
    where isCut: (UnsafeBufferPointer<UInt8>, Range<Int>) -> Bool
  ) {
    var start = 0
    var place = 0
    while place < text.count {
      let end = min(place + UTF8Width.width(lead: text[place]), text.count)
      if place > start, isCut(text, place..<end) {
        lookUp(UnsafeBufferPointer(rebasing: text[start..<place]), &ids)
        start = place
      }
      place = end
    }
    if start < text.count { lookUp(UnsafeBufferPointer(rebasing: text[start...]), &ids) }
  }

  private func lookUp(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
    let id = model.mergeable(text)
    if id >= 0, model.kinds[Int(id)] != .unused {
      ids.append(id)
    } else {
      model.emitUnknown(text, into: &ids)
    }
  }
}

extension PieceModel {
  /// Words start with U+2581.
  fileprivate static func startsWord(
    _ text: UnsafeBufferPointer<UInt8>, _ character: Range<Int>
  ) -> Bool {
    text[character].elementsEqual(ByteToken.space)
  }
}
