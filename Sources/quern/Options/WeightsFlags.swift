import ArgumentParser
import GGUF
import Inference
import SystemPackage
import Workers

/// How the weights come into memory.
struct WeightsFlags: ParsableArguments {
  @Flag(
    name: .customLong("no-map"),
    help: """
      Read the file into memory instead of mapping it: for filesystems where mapping is slow. \
      It must fit.
      """)
  var noMap = false

  func open(_ path: String, on pool: WorkerPool, _ output: OutputOptions) throws -> GGUFSet {
    guard noMap else { return try GGUFSet(FilePath(path)) }
    var bar: (total: Int, shown: ProgressBar)?
    defer { bar?.shown.finish() }
    return try GGUFSet(reading: FilePath(path), on: pool) { done, total in
      if bar?.total != total {
        bar = (total, ProgressBar("reading", total: total, enabled: !output.quiet))
      }
      bar?.shown.update(done)
    }
  }
}
