import ArgumentParser
import Inference

/// What the model remembers a sequence in.
struct CacheFlags: ParsableArguments {
  @Option(
    name: .customLong("cache-type"),
    help: ArgumentHelp(
      """
      Elements of the key-value cache. q8_0 takes about half the memory of f16, q4_0 a quarter and \
      some quality. (default: f16, or f32 for a model of plain floats)
      """, valueName: "type"))
  var type: CacheType?
}

extension CacheType: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}
