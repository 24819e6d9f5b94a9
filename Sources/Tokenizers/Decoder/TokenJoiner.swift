/// Takes tokens one by one through the steps of a ``TokenDecoder``.
struct TokenJoiner: Sendable {
  /// A step and what it keeps of the tokens it has seen.
  struct Stage: Sendable {
    var step: TokenDecoder.Step
    /// Whether what comes are the parts of one token, for an earlier step made all tokens one.
    var isFused: Bool
    /// How many tokens came; of one token, how much of its front is done with.
    var count = 0
    /// Bytes, a token or a text that is not decided yet.
    var held: [UInt8] = []
  }

  var stages: [Stage] = []

  init(_ steps: [TokenDecoder.Step]) {
    var isFused = false
    for step in steps {
      stages.append(Stage(step: step, isFused: isFused))
      switch step {
      case .fuse, .byteLevel: isFused = true
      default: break
      }
    }
  }

  /// Takes a token, and appends the text that is certain now.
  mutating func take(_ token: [UInt8], into text: inout [UInt8]) { pass(token, to: 0, &text) }

  /// Appends what is left; the joiner is as new then.
  mutating func finish(into text: inout [UInt8]) {
    for index in stages.indices { close(index, &text) }
  }

  mutating func pass(_ token: [UInt8], to index: Int, _ text: inout [UInt8]) {
    guard index < stages.count else { return text.append(contentsOf: token) }
    if case .sentencePiece(let drop) = stages[index].step {
      return takePiece(token, drop, index, &text)
    }
    if case .rewrite = stages[index].step { return stages[index].held += token }
    guard stages[index].isFused else { return takeToken(token, index, &text) }
    switch stages[index].step {
    case .fuse, .spaces: pass(token, to: index + 1, &text)
    case .strip(let content, let start, let stop):
      stripPart(token, content, start, stop, index, &text)
    case .metaspace(let replacement, let dropsFirst):
      let space = dropsFirst ? "" : " "
      let part = TokenDecoder.replaced(String(replacement), by: space, in: token)
      pass(part, to: index + 1, &text)
    case .byteLevel, .byteFallback, .replace, .wordPiece, .suffix, .ctc, .sentencePiece, .rewrite:
      stages[index].held += token
    }
  }

  private mutating func takeToken(_ token: [UInt8], _ index: Int, _ text: inout [UInt8]) {
    let isFirst = stages[index].count == 0
    stages[index].count += 1
    switch stages[index].step {
    case .fuse: pass(token, to: index + 1, &text)
    case .byteLevel: takeBytes(token, index, &text)
    case .byteFallback: takeFallback(token, index, &text)
    case .sentencePiece, .rewrite: break
    case .strip(let content, let start, let stop):
      pass(TokenDecoder.stripped(token, content, start, stop), to: index + 1, &text)
    case .metaspace(let replacement, let dropsFirst):
      let space = isFirst && dropsFirst ? "" : " "
      pass(
        TokenDecoder.replaced(String(replacement), by: space, in: token), to: index + 1, &text)
    case .wordPiece(let prefix, let cleansUp):
      let piece = TokenDecoder.wordPiece(token, prefix, cleansUp, isFirst: isFirst)
      pass(piece, to: index + 1, &text)
    case .suffix(let suffix):
      let last = stages[index].held
      stages[index].held = token
      guard !isFirst else { return }
      pass(TokenDecoder.everywhere(suffix, by: " ", in: last), to: index + 1, &text)
    case .ctc(let padding, let delimiter, let cleansUp):
      guard isFirst || token != stages[index].held else { return }
      stages[index].held = token
      let rest = TokenDecoder.ctc(token, padding, delimiter, cleansUp)
      if !rest.isEmpty { pass(rest, to: index + 1, &text) }
    case .replace(let step):
      let replaced = token.withUnsafeBufferPointer { step.normalize($0) }
      pass(replaced ?? token, to: index + 1, &text)
    case .spaces: pass(isFirst ? token : [0x20] + token, to: index + 1, &text)
    }
  }

  private mutating func close(_ index: Int, _ text: inout [UInt8]) {
    let stage = stages[index]
    stages[index].held = []
    stages[index].count = 0
    switch (stage.step, stage.isFused) {
    case (.fuse, _), (.metaspace, _), (.spaces, _), (.ctc, false), (.replace, false),
      (.wordPiece, false), (.strip, false):
      break
    case (.byteLevel, false):
      if !stage.held.isEmpty { pass(Self.valid(stage.held[...]), to: index + 1, &text) }
    case (.sentencePiece, _): passBytes(stage.held[...], index, &text)
    case (.rewrite(let normalizer), _):
      let whole = stage.held.withUnsafeBufferPointer { normalizer.normalize($0) } ?? stage.held
      pass(whole, to: index + 1, &text)
    case (.byteFallback, false): if !stage.held.isEmpty { endRun(stage.held, index, &text) }
    case (.suffix(let suffix), false):
      guard stage.count > 0 else { break }
      pass(TokenDecoder.everywhere(suffix, by: "", in: stage.held), to: index + 1, &text)
    case (.strip(let content, _, let stop), true):
      pass(TokenDecoder.stripped(stage.held, content, 0, stop), to: index + 1, &text)
    case (.byteLevel, true), (.byteFallback, true), (.replace, true), (.wordPiece, true),
      (.suffix, true), (.ctc, true):
      var whole = TokenJoiner([stage.step])
      var made: [UInt8] = []
      whole.take(stage.held, into: &made)
      whole.finish(into: &made)
      pass(made, to: index + 1, &text)
    }
  }

  // MARK: Bytes

  private mutating func takeBytes(_ token: [UInt8], _ index: Int, _ text: inout [UInt8]) {
    var bytes = stages[index].held
    if !ByteAlphabet.decode(token[...], to: &bytes) { bytes.append(contentsOf: token) }
    let whole = bytes.count - StreamDecoder.unfinishedCount(bytes)
    stages[index].held = Array(bytes[whole...])
    pass(Self.valid(bytes[..<whole]), to: index + 1, &text)
  }

  /// The bytes, with U+FFFD for what is no UTF-8.
  private static func valid(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).utf8)
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

  /// Strips a part of the one token; keeps back what may be its end.
  private mutating func stripPart(
    _ part: [UInt8], _ content: Unicode.Scalar, _ start: Int, _ stop: Int, _ index: Int,
    _ text: inout [UInt8]
  ) {
    let mark = Array(String(content).utf8)
    var rest = part[...]
    while stages[index].count < start, !rest.isEmpty {
      guard rest.starts(with: mark) else {
        stages[index].count = start
        break
      }
      rest = rest.dropFirst(mark.count)
      stages[index].count += 1
    }
    let all = stages[index].held + rest
    let kept = TokenDecoder.stripped(all, content, 0, stop)
    stages[index].held = Array(all[kept.count...])
    pass(kept, to: index + 1, &text)
  }
}
