import ArgumentParser
import Foundation
import Hub
import SystemPackage

struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Download a model from the Hugging Face hub.",
    discussion: """
      Prints where it is: in the cache that huggingface_hub and transformers use
      too. Of a checkpoint in several formats, safetensors are taken. What is there
      already is not fetched again; after a kill, ctrl-C or a failure, the same
      command goes on where it was. Every file is held against the hub's own digest
      before it gets its name.

      Heeds HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT,
      HF_HUB_OFFLINE, HTTPS_PROXY and NO_PROXY. The token goes to the hub alone.

      Examples:
        quern pull Qwen/Qwen2.5-0.5B-Instruct
        quern pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M
        quern pull ORG/NAME:model.safetensors
        quern pull ORG/NAME@v1.0 --to model/
        quern pull https://huggingface.co/ORG/NAME/blob/main/model.gguf
        quern pull ORG/NAME --include '*.json' --dry-run
        quern run "$(quern pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0)" -p "Hello"
      """)

  @Argument(help: "ORG/NAME[:FILE|:FOLDER/|:TYPE][@REVISION], or the address of its page.")
  var model: String

  @Option(help: "A branch, a tag or a commit. (default: main)")
  var revision: String?

  @Option(
    help: ArgumentHelp(
      "Only files whose path this pattern of a shell matches; may be repeated.",
      valueName: "pattern"))
  var include: [String] = []

  @Option(
    help: ArgumentHelp(
      "No files whose path this pattern matches; may be repeated.", valueName: "pattern"))
  var exclude: [String] = []

  @Option(
    help: ArgumentHelp("Copy the files out of the cache into this folder.", valueName: "folder"))
  var to: String?

  @Flag(help: "With --to, replace files that are there and differ.")
  var overwrite = false

  @Option(help: "Who asks, in place of HF_TOKEN.")
  var token: String?

  @Option(
    help: ArgumentHelp("Connections at once. (default: 8, or --threads)", valueName: "count"))
  var connections: Int?

  @Flag(help: "Print what would be fetched, and fetch nothing.")
  var dryRun = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let connections, !(1...64).contains(connections) {
      throw ValidationError("--connections takes a number from 1 to 64, found \(connections)")
    }
    _ = try reference()
  }

  private func reference() throws -> HubReference {
    do {
      let reference = try HubReference(model)
      if let revision, reference.revision != "main", reference.revision != revision {
        throw ValidationError("--revision \(revision) contradicts @\(reference.revision)")
      }
      return try reference.at(revision)
    } catch let error as HubError {
      throw ValidationError(error.description)
    }
  }

  func run() throws {
    let start = ContinuousClock.now
    var environment = HubEnvironment()
    if let token { environment.token = token }
    try ModelArgument.advised {
      let pull = try Pull(reference(), in: environment, include: include, exclude: exclude)
      let cached = Set(pull.files.filter(pull.isCached))
      if !output.json || !dryRun { PullReport.explain(pull, output) }
      guard !dryRun else { return try printPlan(pull, cached) }
      let progress = try ModelArgument.bring(
        pull, output, connectionCount: connections ?? output.threads ?? 8)
      let path =
        try to.map { try pull.copy(to: FilePath($0), overwrite: overwrite) } ?? pull.path
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if output.json {
        var report = PullReport(pull, path: path.string, cached: cached)
        report.downloadedBytes = progress.receivedByteCount
        report.seconds = seconds
        return try output.printJSON(report)
      }
      StandardOutput.writeLine(path.string)
      output.note(
        "\(pull.files.count == 1 ? "1 file" : "\(pull.files.count) files"), "
          + "\(Quantities.bytes(pull.byteCount)): \(Quantities.bytes(progress.receivedByteCount)) "
          + "downloaded in \(Quantities.duration(seconds))")
    }
  }

  private func printPlan(_ pull: Pull, _ cached: Set<HubFile>) throws {
    if output.json {
      return try output.printJSON(PullReport(pull, path: pull.path.string, cached: cached))
    }
    StandardOutput.writeLine(PullReport.table(pull, cached: cached))
    let missing = pull.files.filter { !cached.contains($0) }.reduce(0) { $0 + $1.byteCount }
    output.note(
      "would download \(Quantities.bytes(missing)) of \(Quantities.bytes(pull.byteCount))")
  }
}
