/// Which of a word's neighbours merge first.
protocol MergeRanks: Sendable {
  /// The rank of two texts that lie one after the other, or ``MergeTable/none``; lower ones go first.
  ///
  /// - Parameters:
  ///   - pair: Both texts.
  ///   - middle: Where the second one starts in it.
  ///   - hashes: Of the two texts.
  ///   - secret: Of ``ByteHash``.
  func rank(
    of pair: UnsafeRawBufferPointer, middle: Int, hashes: (UInt64, UInt64), secret: UInt64
  ) -> MergeTable.Rank

  /// Whether some merge makes the text.
  func make(_ text: some Collection<UInt8>) -> Bool
}

extension MergeTable: MergeRanks {
  @inline(__always)
  func rank(
    of pair: UnsafeRawBufferPointer, middle: Int, hashes: (UInt64, UInt64), secret: UInt64
  ) -> Rank {
    rank(
      UnsafeRawBufferPointer(rebasing: pair[..<middle]),
      UnsafeRawBufferPointer(rebasing: pair[middle...]), hashes: hashes, secret: secret)
  }
}

/// Merges of whatever makes a token, by the number of that token: how tiktoken merges.
struct TokenRanks: MergeRanks {
  let texts: ByteTable
  /// Tokens from here on are not made.
  var limit = MergeTable.none

  @inline(__always)
  func rank(
    of pair: UnsafeRawBufferPointer, middle: Int, hashes: (UInt64, UInt64), secret: UInt64
  ) -> MergeTable.Rank {
    let text = pair.assumingMemoryBound(to: UInt8.self)
    let number = texts.number(of: text, hash: ByteHash.hash(pair, secret: secret))
    guard let number, number < limit else { return MergeTable.none }
    return MergeTable.Rank(number)
  }

  func make(_ text: some Collection<UInt8>) -> Bool {
    Array(text).withUnsafeBufferPointer { texts.number(of: $0) } != nil
  }
}

/// Both kinds of merges that vocabularies come with.
enum BytePairMerges: Sendable {
  case listed(MergeTable)
  case ranked(TokenRanks)

  func make(_ text: some Collection<UInt8>) -> Bool {
    switch self {
    case .listed(let merges): merges.make(text)
    case .ranked(let merges): merges.make(text)
    }
  }
}
