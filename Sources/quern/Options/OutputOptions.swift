import ArgumentParser
import Foundation
import Workers

/// What every command takes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print no progress and no messages.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Print more.")
  var verbose = false

  @Option(name: .shortAndLong, help: "Threads to use. (default: all processors)")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024, found \(threads)")
    }
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  func makePool() -> WorkerPool {
    WorkerPool(workerCount: threads ?? WorkerPool.processorCount)
  }

  /// A message for people, on standard error.
  func note(_ text: @autoclosure () -> String) {
    if !quiet { StandardError.writeLine(text()) }
  }

  /// One JSON object on standard output: keys in snake_case, in alphabetic order.
  func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    StandardOutput.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
