import ArgumentParser

/// Numbers of tokens as people type them: `512`, `128,512`, or `0` for none at all.
struct Sizes: ExpressibleByArgument, Sendable {
  let counts: [Int]

  /// More than any model's context.
  private static let limit = 1 << 30

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let counts = parts.compactMap { $0 }
    guard counts.count == parts.count, counts.allSatisfy({ (0...Self.limit).contains($0) }) else {
      return nil
    }
    self.counts = counts.filter { $0 > 0 }
  }

  var defaultValueDescription: String { counts.map(String.init).joined(separator: ",") }
}

extension [Sizes] {
  /// Every size that was asked for, once.
  var all: [Int] {
    var seen: Set<Int> = []
    return flatMap(\.counts).filter { seen.insert($0).inserted }
  }
}
