import ArgumentParser
import Conversion
import GGUF
import MappedFiles
import SystemPackage

struct EditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Other metadata, another chat template, other tensor names; the same tensors.",
    discussion: """
      Changes the header of a GGUF, of any part of a split one, or of a .safetensors
      file (whose metadata are strings). Tensor bytes are copied as they are; a file
      system that can lets both files share them.

      TYPE is \(ValueForm.names).
      Lists are written a,b or as JSON. A value of @FILE is taken from a file.

      --in-place writes over the header where it stands, when the new one fits
      before the tensors; of a split model in the one file that changes, which for
      keys is the first. A copy made with --room has room for more. A kill
      meanwhile loses nothing: until the new header is whole, NAME.quern-edit holds
      it and the old one, and the same command goes on.

      What would break the file is refused: the alignment, the keys of a split,
      names that are taken; and, unless --force is given, another architecture,
      another type for a key, or a number that the tensors contradict.

      Examples:
        quern edit model.gguf named.gguf --set general.name=str:Grain
        quern edit model.gguf --in-place --chat-template chat.jinja
        quern edit model.gguf --in-place --set tokenizer.ggml.eos_token_id=u32:2
        quern edit model.gguf more.gguf --set 'general.tags=arr[str]:chat,en'
        quern edit model.gguf less.gguf --remove general.url
        quern edit model.gguf roomy.gguf --room 64KB
        quern edit a.safetensors b.safetensors --rename-tensor lm_head.weight=head
      """)

  @Argument(help: "A .gguf, any part of a split one, or a .safetensors file.", completion: .file())
  var source: String

  @Argument(help: "The copy to write; none with --in-place.", completion: .file())
  var destination: String?

  @OptionGroup var flags: EditFlags

  @Flag(help: "Write over the header of the source; finishes such an edit that was interrupted.")
  var inPlace = false

  @Flag(help: "Print what would change, and write nothing.")
  var dryRun = false

  @Flag(help: "Replace a destination that exists.")
  var overwrite = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard inPlace != (destination != nil) else {
      throw ValidationError(
        inPlace ? "--in-place takes no destination" : "give a destination, or --in-place")
    }
    let endings = [source, destination ?? ""].compactMap { FilePath($0).extension }
    guard !endings.contains("gguf") || !endings.contains("safetensors") else {
      throw ValidationError("edit keeps the container; convert makes another")
    }
    if inPlace, flags.room != nil {
      throw ValidationError("--room is for a copy: a file has the room that it has")
    }
  }

  func run() throws {
    let edit = try flags.edit()
    if inPlace, !dryRun,
      let pending = FilePath(source).setMembers.first(where: HeadRewrite.isPending)
    {
      return try goOn(with: edit, from: pending)
    }
    guard !edit.isEmpty || edit.roomByteCount != nil else {
      throw EditError(.nothingToDo, path: FilePath(source))
    }
    let plan = try EditPlan(edit, of: FilePath(source))
    for warning in plan.warnings { output.note("note: \(warning)") }
    guard let destination else { return try change(plan) }
    let copy = try plan.copy(to: FilePath(destination), overwrite: overwrite)
    for warning in copy.warnings.dropFirst(plan.warnings.count) { output.note("note: \(warning)") }
    if dryRun { return try report(plan, bytes: copy.byteCount, destination: copy.result.string) }
    let result = try carryOut(copy)
    try report(
      plan, bytes: copy.byteCount, destination: copy.result.string, seconds: result.seconds)
  }

  /// Finishes an edit that was interrupted, and does of this one what is left to do.
  private func goOn(with edit: Edit, from pending: FilePath) throws {
    _ = try HeadRewrite.finish(pending)
    output.note("finished an edit of \(pending.string.printable) that was interrupted")
    let rest = try edit.rest(for: FilePath(source))
    guard !rest.isEmpty else {
      if output.json { try output.printJSON(EditReport(source: source)) }
      return
    }
    try change(EditPlan(rest, of: FilePath(source)))
  }

  private func change(_ plan: EditPlan) throws {
    let patch = try plan.inPlace()
    if let patch, !dryRun { try apply(patch) }
    // Of a set the file that holds what was changed, whichever part was named.
    try report(plan, bytes: patch?.byteCount ?? 0, destination: patch?.path.string ?? source)
  }

  private func apply(_ patch: InPlaceEdit) throws {
    do {
      try patch.apply()
    } catch {
      guard HeadRewrite.isPending(patch.path) else { throw error }
      throw Failure(
        error.description, path: error.path?.string, advice: "the same command goes on from here")
    }
  }

  private func carryOut(_ plan: ConversionPlan) throws -> ConversionResult {
    let bar = ProgressBar("copying", total: plan.byteCount, enabled: !output.quiet)
    defer { bar.finish() }
    do {
      return try plan.execute(on: output.makePool()) {
        bar.update($0.byteCount, kept: $0.keptByteCount)
      }
    } catch let error as FileError where error.mayPass && StagedOutput.isBegun(plan.destination) {
      throw Failure(
        error.description, path: error.path?.string, advice: "the same command goes on from here")
    }
  }

  private func report(
    _ plan: EditPlan, bytes: Int, destination: String, seconds: Double? = nil
  ) throws {
    if output.json {
      return try output.printJSON(
        EditReport(
          plan, bytes: bytes, destination: destination, inPlace: inPlace, seconds: seconds))
    }
    for change in plan.changes where dryRun || output.verbose {
      StandardOutput.writeLine(change.line)
    }
    guard !inPlace || !plan.changesNothing else {
      return output.note("\(source.printable): it is all so already")
    }
    let verb = dryRun ? "would write" : "wrote"
    let count = plan.changes.count == 1 ? "1 change" : "\(plan.changes.count) changes"
    output.note("\(verb) \(destination.printable): \(count), \(Quantities.bytes(bytes))")
  }
}

/// What `--json` prints.
private struct EditReport: Encodable {
  struct Change: Encodable {
    let kind: String
    let name: String
    let from: String?
    let to: String?
  }

  let source: String
  let destination: String
  let inPlace: Bool
  /// Bytes that are written.
  let bytes: Int
  let seconds: Double?
  let changes: [Change]
  let warnings: [String]

  init(
    _ plan: EditPlan, bytes: Int, destination: String, inPlace: Bool, seconds: Double?
  ) {
    source = plan.source.string
    self.destination = destination
    self.inPlace = inPlace
    self.bytes = bytes
    self.seconds = seconds
    changes = plan.changes.map {
      Change(
        kind: $0.kind.rawValue, name: $0.name, from: $0.old.map { "\($0)" },
        to: $0.new.map { "\($0)" })
    }
    warnings = plan.warnings
  }

  /// An interrupted edit that was finished, and nothing more.
  init(source: String) {
    self.source = source
    destination = source
    inPlace = true
    bytes = 0
    seconds = nil
    changes = []
    warnings = []
  }
}

extension FilePath {
  /// The files of the set that this is a part of, by their names; of any other file itself.
  fileprivate var setMembers: [FilePath] {
    guard let part = GGUFPartName(lastComponent?.string ?? "") else { return [self] }
    return (1...part.count).map { removingLastComponent().appending(part.part($0).fileName) }
  }
}

extension EditChange {
  /// `general.name: Wheat -> Grain`
  fileprivate var line: String {
    func brief(_ text: String) -> String {
      let text = text.printable
      return text.count > 60 ? text.prefix(59) + "…" : text
    }
    let sides = [old, new].map { $0.map { brief("\($0)") } ?? "nothing" }
    return kind == .renamed
      ? "tensor \(name.printable) -> \(sides[1])"
      : "\(name.printable): \(sides[0]) -> \(sides[1])"
  }
}
