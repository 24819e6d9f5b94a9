import ArgumentParser
import MappedFiles
import TensorCore

/// An error of a command itself, in one line, with advice where it helps.
struct Failure: Error, CustomStringConvertible {
  let path: String?
  let description: String
  var advice: String?

  init(_ description: String, path: String? = nil, advice: String? = nil) {
    self.path = path
    self.description = description
    self.advice = advice
  }

  /// Whether the argument parser leaves this error to us.
  static func isOurs(_ error: any Error) -> Bool {
    !(error is ExitCode) && Quern.exitCode(for: error) == .failure
  }

  /// Prints `quern: PATH: what is wrong`, and what to do about it.
  static func report(_ error: any Error) {
    let failure = error as? Failure
    let path = failure?.path ?? (error as? any FileProblem)?.path?.string
    let place = path.map { "\($0.printable): " } ?? ""
    StandardError.writeLine("quern: \(place)\(error)")
    if let advice = failure?.advice { StandardError.writeLine("  \(advice)") }
  }
}
