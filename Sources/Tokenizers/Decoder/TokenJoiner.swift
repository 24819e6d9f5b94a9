/// Takes tokens one by one through the steps of a ``TokenDecoder``.
struct TokenJoiner: Sendable {
  /// A step and what it keeps of the tokens it has seen.
  struct Stage: Sendable {
    var step: TokenDecoder.Step
    /// Whether what comes are the parts of one token, for an earlier step made all tokens one.
    var isFused: Bool
    /// How many tokens came, or, of one token, whether its start is over.
    var count = 0
    var held: [UInt8] = []
  }

  var stages: [Stage] = []

  init(_ steps: [TokenDecoder.Step]) {
    var isFused = false
    for step in steps {
      stages.append(Stage(step: step, isFused: isFused))
      if step == .fuse || step == .byteLevel { isFused = true }
    }
  }

  /// Takes a token, and appends the text that is certain now.
  mutating func take(_ token: [UInt8], into text: inout [UInt8]) { pass(token, to: 0, &text) }

  /// Appends what is left.
  mutating func finish(into text: inout [UInt8]) {
    for index in stages.indices { close(index, &text) }
  }

  mutating func pass(_ token: [UInt8], to index: Int, _ text: inout [UInt8]) {
    guard index < stages.count else { return text.append(contentsOf: token) }
    let isFused = stages[index].isFused
    switch stages[index].step {
    case .fuse: pass(token, to: index + 1, &text)
    case .byteLevel: takeBytes(token, index, &text)
    case .byteFallback: takeFallback(token, index, &text)
    case .sentencePiece(let drop): takePiece(token, drop, index, &text)
    case .rewrite: stages[index].held += token
    case .strip(let content, let start, let stop):
      guard isFused else {
        return pass(Self.stripped(token, content, start, stop), to: index + 1, &text)
      }
      stripPart(token, content, start, stop, index, &text)
    case .metaspace(let replacement, let dropsFirst):
      let isFirst = isFused || stages[index].count == 0
      var spaced: [UInt8] = []
      TokenDecoder.replace(
        Array(String(replacement).utf8), by: isFirst && dropsFirst ? [] : [0x20], in: token[...],
        into: &spaced)
      stages[index].count += 1
      pass(spaced, to: index + 1, &text)
    }
  }

  private mutating func close(_ index: Int, _ text: inout [UInt8]) {
    let held = stages[index].held
    stages[index].held = []
    guard !held.isEmpty else { return }
    switch stages[index].step {
    case .byteLevel: pass(held, to: index + 1, &text)
    case .byteFallback: endRun(held, index, &text)
    case .sentencePiece: passBytes(held[...], index, &text)
    case .rewrite(let normalizer):
      let whole = held.withUnsafeBufferPointer { normalizer.normalize($0) } ?? held
      pass(whole, to: index + 1, &text)
    case .strip(let content, _, let stop):
      pass(Self.stripped(held, content, 0, stop), to: index + 1, &text)
    case .fuse, .metaspace: break
    }
  }

  // MARK: Bytes

  private mutating func takeBytes(_ token: [UInt8], _ index: Int, _ text: inout [UInt8]) {
    var bytes = stages[index].held
    if !ByteAlphabet.decode(token[...], to: &bytes) { bytes.append(contentsOf: token) }
    let whole = bytes.count - StreamDecoder.unfinishedCount(bytes)
    stages[index].held = Array(bytes[whole...])
    pass(Array(String(decoding: bytes[..<whole], as: UTF8.self).utf8), to: index + 1, &text)
  }

  private mutating func takeFallback(_ token: [UInt8], _ index: Int, _ text: inout [UInt8]) {
    if let byte = ByteToken.value(token[...]) { return stages[index].held.append(byte) }
    let run = stages[index].held
    stages[index].held = []
    if !run.isEmpty { endRun(run, index, &text) }
    pass(token, to: index + 1, &text)
  }

  private mutating func endRun(_ run: [UInt8], _ index: Int, _ text: inout [UInt8]) {
    if String(validating: run, as: UTF8.self) != nil { return pass(run, to: index + 1, &text) }
    for _ in run { pass(Array("\u{FFFD}".utf8), to: index + 1, &text) }
  }

  // MARK: Strip

  private static func stripped(
    _ token: [UInt8], _ content: Unicode.Scalar, _ start: Int, _ stop: Int
  ) -> [UInt8] {
    let content = Array(String(content).utf8)
    var rest = token[...]
    for _ in 0..<max(0, start) {
      guard rest.starts(with: content) else { break }
      rest = rest.dropFirst(content.count)
    }
    for _ in 0..<max(0, stop) {
      guard rest.suffix(content.count).elementsEqual(content) else { break }
      rest = rest.dropLast(content.count)
    }
    return Array(rest)
  }

  /// Strips a part of the one token; keeps back what may be its end.
  private mutating func stripPart(
    _ part: [UInt8], _ content: Unicode.Scalar, _ start: Int, _ stop: Int, _ index: Int,
    _ text: inout [UInt8]
  ) {
    let content = Array(String(content).utf8)
    var rest = part[...]
    while stages[index].count < start, !rest.isEmpty {
      guard rest.starts(with: content) else {
        stages[index].count = start
        break
      }
      rest = rest.dropFirst(content.count)
      stages[index].count += 1
    }
    let all = stages[index].held + rest
    var end = all.count
    for _ in 0..<max(0, stop) {
      guard all[..<end].suffix(content.count).elementsEqual(content) else { break }
      end -= content.count
    }
    stages[index].held = Array(all[end...])
    pass(Array(all[..<end]), to: index + 1, &text)
  }
}
