import ArgumentParser
import Integrity
import Rainbow
import SystemPackage
import TensorCore

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Whether files are whole: structure, bounds, sizes, and every byte of sealed ones.",
    discussion: """
      Takes files, folders and shard indexes, and ends with 1 when anything is
      damaged. Any part of a split GGUF stands for all. A sealed file carries
      digests that tell which rows of which tensor are damaged.

      Example:
        quern verify model.gguf Qwen2.5-0.5B/
      """)

  @Argument(help: "Files, folders, or hf:ORG/NAME[:TYPE].", completion: .file())
  var paths: [String]

  @OptionGroup var output: OutputOptions

  func run() throws {
    let paths = try paths.map { try ModelArgument.path($0, output) }
    let verdicts = try Verification.verify(
      paths.map { FilePath($0) }, on: output.makePool())
    if output.json {
      try output.printJSON(Report(verdicts))
    } else {
      for verdict in verdicts { describe(verdict) }
    }
    if !verdicts.allSatisfy(\.isIntact) { throw ExitCode.failure }
  }

  private func describe(_ verdict: FileVerdict) {
    let path = verdict.path.string.printable
    if verdict.isIntact {
      let extent = verdict.isSealed ? "every byte as sealed" : "no seal, structure only"
      if !output.quiet { StandardOutput.writeLine("\(path): \("intact".green), \(extent)") }
      return
    }
    for damage in verdict.damage {
      StandardOutput.writeLine("\(path): \("damaged".red): \(damage.text)")
    }
  }
}

extension Damage {
  fileprivate var text: String {
    var places: [String] = []
    if let tensor, !why.contains(tensor.printable) { places.append("tensor \(tensor.printable)") }
    if let firstRow, let lastRow { places.append("rows \(firstRow) to \(lastRow)") }
    if let offset, !why.contains("byte \(offset)") { places.append("byte \(offset)") }
    if let byteCount { places.append("\(byteCount) bytes") }
    return places.isEmpty ? why : "\(why) (\(places.joined(separator: ", ")))"
  }
}

/// What `--json` prints.
private struct Report: Encodable {
  struct File: Encodable {
    let path: String
    let intact: Bool
    let sealed: Bool
    let damage: [Entry]
  }

  struct Entry: Encodable {
    let tensor: String?
    let firstRow: Int?
    let lastRow: Int?
    let offset: Int?
    let bytes: Int?
    let why: String
  }

  let intact: Bool
  let files: [File]

  init(_ verdicts: [FileVerdict]) {
    intact = verdicts.allSatisfy(\.isIntact)
    files = verdicts.map { verdict in
      File(
        path: verdict.path.string, intact: verdict.isIntact, sealed: verdict.isSealed,
        damage: verdict.damage.map {
          Entry(
            tensor: $0.tensor, firstRow: $0.firstRow, lastRow: $0.lastRow, offset: $0.offset,
            bytes: $0.byteCount, why: $0.why)
        })
    }
  }
}
