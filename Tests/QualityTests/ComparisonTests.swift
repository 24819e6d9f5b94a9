import Foundation
import Quality
import SystemPackage
import TestSupport
import Testing

@Suite struct ComparisonTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A result with one prompt and one generation, whose repeats lie one part in ten around the median.
  private func result(prompt: Double = 100, generation: Double = 10, repeats: Int = 5)
    -> BenchmarkResult
  {
    func speed(_ tokens: Int, _ rate: Double) -> BenchmarkResult.Speed {
      .init(
        tokens: tokens, tokensPerSecond: rate, slowest: rate * 0.9, fastest: rate * 1.1, share: 0.5)
    }
    let ceilings = Ceilings(memoryRead: 2e10, int8Macs: 3e11, floatMacs: 1e11)
    return BenchmarkResult(
      model: "m.gguf", architecture: "llama", weightBytes: 1000, kernels: "avx2", threads: 2,
      repeats: repeats, ceilings: ceilings, ceilingsOneThread: ceilings,
      prompt: [speed(512, prompt)], generation: [speed(128, generation)],
      memory: MemoryUse(resident: 3, mapped: 1, heap: 2))
  }

  @Test("Ratios are now over then, and say when no repeats overlap")
  func ratios() throws {
    let comparison = BenchmarkComparison(
      result(prompt: 150, generation: 11), to: result(prompt: 100, generation: 10))
    let prompt = try #require(comparison.prompt.first)
    #expect(prompt.ratio == 1.5 && prompt.earlier == 100 && prompt.beyondSpread)
    let generation = try #require(comparison.generation.first)
    #expect(abs(generation.ratio - 1.1) < 1e-12 && !generation.beyondSpread)
    #expect(comparison.ceilings == Ceilings(memoryRead: 1, int8Macs: 1, floatMacs: 1))
    #expect(comparison.differences.isEmpty)
    let slower = BenchmarkComparison(result(prompt: 50), to: result())
    #expect(slower.prompt.first?.beyondSpread == true)
  }

  @Test("A single repeat has no spread to be beyond")
  func singleRepeat() {
    let comparison = BenchmarkComparison(result(prompt: 200, repeats: 1), to: result())
    #expect(comparison.prompt.first?.beyondSpread == false)
  }

  @Test("Only sizes that both measured are compared")
  func otherSizes() {
    var earlier = result()
    earlier.prompt[0].tokens = 64
    #expect(BenchmarkComparison(result(), to: earlier).prompt.isEmpty)
    #expect(BenchmarkComparison(result(), to: earlier).generation.count == 1)
  }

  @Test("What else differs is said")
  func differences() {
    var earlier = result()
    earlier.model = "other.gguf"
    earlier.threads = 1
    #expect(
      BenchmarkComparison(result(), to: earlier).differences
        == ["model: m.gguf, then other.gguf", "threads: 2, then 1"])
  }

  @Test("A result that is written and read again is the same")
  func roundTrip() throws {
    let path = try folder.write([UInt8](try JSONEncoder().encode(result())), as: "result.json")
    #expect(try BenchmarkResult(contentsOf: path) == result())
  }

  struct Malformed: Sendable, CustomTestStringConvertible {
    let what: String
    let replacing: String
    let with: String
    let reason: BenchmarkFileError.Reason
    var testDescription: String { what }
  }

  @Test(
    "A file that is no result is refused with the field that is wrong",
    arguments: [
      Malformed(
        what: "a missing field", replacing: "\"memory_read\"", with: "\"memory\"",
        reason: .missing(field: "ceilings.memory_read")),
      Malformed(
        what: "a text for a number", replacing: "\"tokens\":512", with: "\"tokens\":\"many\"",
        reason: .badValue(field: "prompt.0.tokens", expected: "a number")),
      Malformed(
        what: "a list for an object", replacing: "\"int8_macs\":300000000000",
        with: "\"int8_macs\":[]",
        reason: .badValue(field: "ceilings.int8_macs", expected: "a number")),
      Malformed(
        what: "no tokens", replacing: "\"tokens\":128", with: "\"tokens\":0",
        reason: .badValue(field: "generation.0", expected: "a number above 0")),
      Malformed(
        what: "a ceiling of 0", replacing: "\"float_macs\":100000000000",
        with: "\"float_macs\":0",
        reason: .badValue(field: "ceilings", expected: "a number above 0")),
      Malformed(
        what: "a median outside the spread", replacing: "\"tokens_per_second\":100",
        with: "\"tokens_per_second\":1000",
        reason: .badValue(field: "prompt.0", expected: "a median between slowest and fastest")),
      Malformed(what: "half a file", replacing: "\"model\"", with: "\0", reason: .notJSON),
    ])
  func malformed(_ malformed: Malformed) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(result()), as: UTF8.self)
    let changed = text.replacingOccurrences(of: malformed.replacing, with: malformed.with)
    try #require(changed != text)
    let path = try folder.write(Array(changed.utf8), as: "result.json")
    #expect(throws: BenchmarkFileError(path: path, reason: malformed.reason)) {
      try BenchmarkResult(contentsOf: path)
    }
  }

  @Test("A file that cannot be a result is not read to its end", arguments: ["", "[]", "{}", "7"])
  func other(text: String) throws {
    let path = try folder.write(Array(text.utf8), as: "other.json")
    #expect(throws: BenchmarkFileError.self) { try BenchmarkResult(contentsOf: path) }
    let large = try folder.write([UInt8](repeating: 0x20, count: 1 << 21), as: "large.json")
    #expect(throws: BenchmarkFileError(path: large, reason: .tooLarge(limit: 1 << 20))) {
      try BenchmarkResult(contentsOf: large)
    }
  }

  @Test(
    "The median is the middle one, or between the middle two",
    arguments: [
      ([3, 1, 2], 2), ([4, 1, 3, 2], 2.5), ([7], 7), ([], 0),
    ] as [([Double], Double)])
  func median(values: [Double], expected: Double) { #expect(values.median == expected) }
}
