import Foundation
import Inference

extension GenerationStatistics {
  /// The speeds as people read them.
  ///
  /// - Parameter loading: Seconds before the prompt.
  func line(loading: Double) -> String {
    String(
      format:
        "prompt %d tokens, %.1f tokens/s; answer %d tokens, %.1f tokens/s; first token after %.2f s",
      promptTokenCount, promptTokensPerSecond, newTokenCount, tokensPerSecond,
      loading + secondsToFirstToken)
  }
}
