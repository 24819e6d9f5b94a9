import Foundation
import Hub

/// An argument that names a model: a path, or a model of the hub, which is brought into the cache first.
enum ModelArgument {
  /// What a folder's tokenizer is made from.
  static let tokenizerFiles = ["*.json", "*.jinja", "*.model", "*.tiktoken", "*.txt"]

  /// The path that an argument means.
  ///
  /// - Parameters:
  ///   - patterns: Where no file is named, the files of a repository that are needed; all of the checkpoint
  ///     without.
  ///   - check: Judges what will be there, before anything of it comes.
  static func path(
    _ argument: String, _ output: OutputOptions, only patterns: [String] = [],
    check: (_ path: String) throws -> Void = { _ in }
  ) throws -> String {
    // What stands on disk under that name is meant.
    guard HubReference.isReference(argument), !FileManager.default.fileExists(atPath: argument)
    else { return argument }
    return try advised {
      let reference = try HubReference(argument)
      let pull = try Pull(reference, include: reference.choice == nil ? patterns : [])
      try check(pull.path.string)
      if patterns.isEmpty { PullReport.explain(pull, output) }
      _ = try bring(pull, output, connectionCount: 8)
      return pull.path.string
    }
  }

  /// Brings the files, with a bar.
  static func bring(
    _ pull: Pull, _ output: OutputOptions, connectionCount: Int
  ) throws -> PullProgress {
    let bar = ProgressBar("pulling", total: pull.byteCount, enabled: !output.quiet)
    defer { bar.finish() }
    return try pull.execute(connectionCount: connectionCount) { progress in
      bar.update(
        progress.byteCount, kept: progress.keptByteCount,
        note: progress.note
          ?? "file \(min(progress.finishedFileCount + 1, pull.files.count)) of \(pull.files.count)")
    }
  }

  /// Adds to an error of the hub what to do about it.
  static func advised<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as HubError {
      throw Failure(
        error.description.printable, path: error.repository, advice: error.advice?.printable)
    }
  }
}
