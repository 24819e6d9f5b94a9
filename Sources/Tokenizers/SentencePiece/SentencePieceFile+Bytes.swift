extension SentencePieceFile {
  /// A `tokenizer.model` of pieces that merge by their scores.
  ///
  /// - Parameters:
  ///   - pieces: By id from 0 on.
  ///   - addsDummyPrefix: Whether a text begins with a space that it does not have.
  ///   - bos: The piece that starts a text, if one does.
  ///   - eos: The piece that ends a text, if one does.
  ///   - pad: The piece that fills up, if one does.
  package static func bytes(
    pieces: [Piece], addsDummyPrefix: Bool, bos: Int?, eos: Int?, pad: Int?
  ) -> [UInt8] {
    var file = WireWriter()
    for piece in pieces {
      var entry = WireWriter()
      entry.append(1, Array(piece.text.utf8))
      entry.append(2, piece.score)
      if piece.kind != Vocabulary.Kind.normal.rawValue { entry.append(3, Int(piece.kind)) }
      file.append(1, entry)
    }
    func place(_ kind: Vocabulary.Kind) -> Int? { pieces.firstIndex { $0.kind == kind.rawValue } }
    var trainer = WireWriter()
    trainer.append(3, Algorithm.bytePair.rawValue)
    trainer.append(4, pieces.count)
    trainer.append(35, place(.byte) != nil)
    for (field, id) in [(40, place(.unknown)), (41, bos), (42, eos), (43, pad)] {
      trainer.append(field, id ?? -1)
    }
    for (field, id) in [(45, place(.unknown)), (46, bos), (47, eos), (48, pad)] {
      if let id { trainer.append(field, Array(pieces[id].text.utf8)) }
    }
    var normalizer = WireWriter()
    normalizer.append(1, Array("identity".utf8))
    normalizer.append(2, [])
    normalizer.append(3, addsDummyPrefix)
    normalizer.append(4, false)
    normalizer.append(5, true)
    file.append(2, trainer)
    file.append(3, normalizer)
    return file.bytes
  }
}
