import ArgumentParser
import Tokenizers

/// Whether a model thinks before it answers, and whether one sees it.
struct ThinkingFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Let the model think before it answers, where its chat template leaves the choice.")
  var think: Bool?

  @Flag(name: .customLong("hide-thinking"), help: "Write only what the model says.")
  var hidesThinking = false

  /// What the chat template is told.
  var variables: [String: JSONValue] { think.map { ["enable_thinking": .bool($0)] } ?? [:] }
}
