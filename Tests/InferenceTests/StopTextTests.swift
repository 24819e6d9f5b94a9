import Inference
import Testing

@Suite struct StopTextTests {
  struct Case: Sendable {
    let stops: [String]
    let pieces: [String]
    /// What comes out at each piece, and at the end.
    let expected: [String]
    let isStopped: Bool

    init(_ stops: [String], _ pieces: [String], _ expected: [String], isStopped: Bool) {
      self.stops = stops
      self.pieces = pieces
      self.expected = expected
      self.isStopped = isStopped
    }
  }

  @Test(
    "Text is held back while it may be the start of a stop string",
    arguments: [
      Case([], ["a", "b"], ["a", "b", ""], isStopped: false),
      Case(["END"], ["a E", "N", "Q"], ["a ", "", "ENQ", ""], isStopped: false),
      Case(["END"], ["a E", "N", "D b", "c"], ["a ", "", "", "", ""], isStopped: true),
      Case(["END"], ["aENDb"], ["a", ""], isStopped: true),
      Case(["END"], ["EEN", "EN", "D"], ["E", "EN", "", ""], isStopped: true),
      Case(["END"], ["a", "EN"], ["a", "", "EN"], isStopped: false),
      Case(["aab"], ["a", "a", "a", "b"], ["", "", "a", "", ""], isStopped: true),
      // The first to be complete counts, of several in one piece the first to start.
      Case(["abcd", "b"], ["a", "b"], ["", "a", ""], isStopped: true),
      Case(["d", "bc"], ["abcd"], ["a", ""], isStopped: true),
      Case(["\n\n"], ["one\n", "two\n", "\n"], ["one", "\ntwo", "", ""], isStopped: true),
      // A character of several bytes, one that starts as another does, one that composes.
      Case(["né"], ["n", "è", "n", "é"], ["", "nè", "", "", ""], isStopped: true),
      Case(["😀"], ["a😁", "b😀c"], ["a😁", "b", ""], isStopped: true),
      Case(["e"], ["cafe\u{301}"], ["caf", ""], isStopped: true),
      Case(["\u{301}x"], ["cafe\u{301}", "x"], ["cafe", "", ""], isStopped: true),
    ])
  func holding(_ example: Case) {
    var stop = StopText(example.stops)
    var parts = example.pieces.map { stop.take($0) }
    parts.append(stop.finish())
    #expect(parts == example.expected)
    #expect(stop.isStopped == example.isStopped)
  }

  @Test("Any way to cut a text into pieces gives the same", arguments: ["END", "né", "😀!", "zzz"])
  func pieces(stop: String) {
    let text = "one EN né😀 two END three 😀! four né"
    let expected = text.firstRange(of: stop).map { String(text[..<$0.lowerBound]) } ?? text
    let scalars = Array(text.unicodeScalars)
    for length in 1...scalars.count {
      var stopText = StopText([stop])
      var result = ""
      for start in stride(from: 0, to: scalars.count, by: length) {
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: scalars[start..<min(start + length, scalars.count)])
        result += stopText.take(String(piece))
      }
      #expect(result + stopText.finish() == expected)
    }
  }
}
