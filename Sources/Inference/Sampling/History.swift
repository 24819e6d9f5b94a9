/// The last tokens of a text, as a ring.
struct History: Sendable {
  let capacity: Int
  private var tokens: [Int32] = []
  /// Where the oldest token lies once the ring is full.
  private var start = 0

  init(capacity: Int) {
    self.capacity = capacity
    // Someone may ask for a window longer than any text.
    tokens.reserveCapacity(min(capacity, 1 << 16))
  }

  var count: Int { tokens.count }

  /// The token that came `back` tokens before the last one.
  subscript(back back: Int) -> Int32 {
    let index = start + tokens.count - 1 - back
    return tokens[index < tokens.count ? index : index - tokens.count]
  }

  /// Returns the token that is forgotten for it, if the ring was full.
  @discardableResult
  mutating func append(_ token: Int32) -> Int32? {
    guard tokens.count == capacity else {
      tokens.append(token)
      return nil
    }
    guard capacity > 0 else { return token }
    defer {
      tokens[start] = token
      start = start + 1 == capacity ? 0 : start + 1
    }
    return tokens[start]
  }
}
