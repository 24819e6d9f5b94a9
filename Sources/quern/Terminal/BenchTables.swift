import Foundation
import Quality
import TensorCore

/// A benchmark as people read it.
enum BenchTables {
  static func text(_ result: BenchmarkResult, _ comparison: BenchmarkComparison?) -> String {
    var parts = [head(result), speeds(result), ceilings(result)]
    if let memory = result.memory { parts.append(memory.line) }
    if let comparison { parts += [ratios(comparison)] + notes(comparison) }
    return parts.map { $0.trimmingCharacters(in: .newlines) }.filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  /// `model.gguf: qwen2, 397.8 MB of weights a token, 2 threads, avx512, medians of 5 repeats`
  private static func head(_ result: BenchmarkResult) -> String {
    "\(result.model.printable): \(result.architecture.printable), "
      + "\(Quantities.bytes(result.weightBytes)) of weights a token, \(threads(result)), "
      + "\(result.kernels), "
      + ((result.depth ?? 0) > 0 ? "after \(result.depth ?? 0) tokens, " : "")
      + (result.repeats == 1 ? "one repeat" : "medians of \(result.repeats) repeats")
  }

  private static func threads(_ result: BenchmarkResult) -> String {
    result.threads == 1 ? "1 thread" : "\(result.threads) threads"
  }

  private static func speeds(_ result: BenchmarkResult) -> String {
    guard !result.prompt.isEmpty || !result.generation.isEmpty else { return "" }
    var table = Table([
      ("", .left), ("tokens/s", .right), ("slowest", .right), ("fastest", .right),
      ("share", .right), ("of the ceiling of", .left),
    ])
    func append(_ what: String, _ speed: BenchmarkResult.Speed, _ ceiling: String) {
      table.append(
        "\(what) \(speed.tokens)", number(speed.tokensPerSecond), number(speed.slowest),
        number(speed.fastest), percent(speed.share), ceiling)
    }
    for speed in result.prompt { append("prompt", speed, "arithmetic") }
    for speed in result.generation { append("generation", speed, "memory") }
    let isAbove = (result.prompt + result.generation).contains { $0.share > 1 }
    return table.text + (isAbove ? noteAbove : "")
  }

  private static let noteAbove = """
    more than 100 %: caches hold the weights, or something slowed the measuring of the ceilings
    """

  private static func ceilings(_ result: BenchmarkResult) -> String {
    let isOne = result.threads == 1
    var table = Table(
      [("ceiling", .left), ("1 thread", .right)] + (isOne ? [] : [(threads(result), .right)])
        + [("", .left)])
    func append(_ what: String, _ rate: KeyPath<Ceilings, Double>, _ unit: String) {
      let one = giga(result.ceilingsOneThread[keyPath: rate])
      table.append([what, one] + (isOne ? [] : [giga(result.ceilings[keyPath: rate])]) + [unit])
    }
    append("memory read", \.memoryRead, "GB/s")
    append("int8 multiply-adds", \.int8Macs, "G/s")
    append("float multiply-adds", \.floatMacs, "G/s")
    return table.text
  }

  private static func ratios(_ comparison: BenchmarkComparison) -> String {
    var table = Table([
      ("now / then", .left), ("ratio", .right), ("then", .right), ("", .left),
    ])
    func append(_ what: String, _ entries: [BenchmarkComparison.Ratio]) {
      for entry in entries {
        table.append(
          "\(what) \(entry.tokens)", ratio(entry.ratio), number(entry.earlier),
          entry.beyondSpread ? "beyond the spread" : "within the spread")
      }
    }
    append("prompt", comparison.prompt)
    append("generation", comparison.generation)
    for (what, value) in [
      ("memory read", comparison.ceilings.memoryRead),
      ("int8 multiply-adds", comparison.ceilings.int8Macs),
      ("float multiply-adds", comparison.ceilings.floatMacs),
    ] { table.append(what, ratio(value), "", "ceiling") }
    return table.text
  }

  private static func notes(_ comparison: BenchmarkComparison) -> [String] {
    comparison.differences.isEmpty
      ? [] : ["not the same: " + comparison.differences.map(\.printable).joined(separator: "; ")]
  }

  private static func number(_ value: Double) -> String {
    String(format: value < 100 ? "%.2f" : "%.1f", value)
  }
  private static func ratio(_ value: Double) -> String { String(format: "%.3f", value) }
  private static func giga(_ value: Double) -> String { String(format: "%.1f", value / 1e9) }
  private static func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }
}
