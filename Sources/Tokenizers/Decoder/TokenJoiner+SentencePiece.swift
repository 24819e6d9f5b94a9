/// - Source: `SentencePieceProcessor::Decode` in `sentencepiece_processor.cc` of SentencePiece 0.2.3.
extension TokenJoiner {
  /// Takes a token spelled as pieces; the count of the stage tells whether the front of the text is over.
  mutating func takePiece(
    _ token: [UInt8], _ drop: TokenDecoder.LeadingSpaces, _ index: Int, _ text: inout [UInt8]
  ) {
    if token.count == 2, token[0] == 0xFF {
      stages[index].held.append(token[1])
      let held = stages[index].held
      let whole = held.count - StreamDecoder.unfinishedCount(held)
      stages[index].held = Array(held[whole...])
      return passBytes(held[..<whole], index, &text)
    }
    let held = stages[index].held
    stages[index].held = []
    passBytes(held[...], index, &text)
    var piece = token[...]
    if stages[index].count == 0, drop != .none, piece.starts(with: ByteToken.space) {
      piece = piece.dropFirst(ByteToken.space.count)
      if drop == .one { stages[index].count = 1 }
    }
    if !piece.isEmpty { stages[index].count = 1 }
    pass(TokenDecoder.replaced("\u{2581}", by: " ", in: Array(piece)), to: index + 1, &text)
  }

  /// Passes the characters of bytes on, and U+FFFD for each byte that is part of none.
  mutating func passBytes(_ bytes: ArraySlice<UInt8>, _ index: Int, _ text: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    stages[index].count = 1
    var characters: [UInt8] = []
    var place = bytes.startIndex
    while place < bytes.endIndex {
      let end = min(place + UTF8Width.width(lead: bytes[place]), bytes.endIndex)
      if String(validating: bytes[place..<end], as: UTF8.self) != nil {
        characters += bytes[place..<end]
        place = end
      } else {
        characters += "\u{FFFD}".utf8
        place += 1
      }
    }
    pass(characters, to: index + 1, &text)
  }
}
