import ArgumentParser
import Conversion
import GGUF
import MappedFiles
import SystemPackage
import Tokenizers

/// `KEY=TYPE:VALUE`, as people type it.
struct MetadataSetting: Sendable {
  let key: String
  private let form: ValueForm
  private let text: String

  init(parsing text: String) throws {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let typed = halves.last?.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, !halves[0].isEmpty, let typed, typed.count == 2 else {
      throw ValidationError(
        "expected KEY=TYPE:VALUE such as general.name=str:Grain, found '\(text.printable)'")
    }
    guard let form = ValueForm(typed[0]) else {
      throw ValidationError(
        "'\(typed[0].printable)' is no type of a value; the types are \(ValueForm.names)")
    }
    key = String(halves[0])
    self.form = form
    self.text = String(typed[1])
    // What stands in a file is looked at when the file is.
    if !isFile { _ = try value(of: literal) }
  }

  private var isFile: Bool { text.hasPrefix("@") && !text.hasPrefix("@@") }

  private var literal: String { text.hasPrefix("@@") ? String(text.dropFirst()) : text }

  private func value(of text: String) throws -> GGUFValue {
    do {
      return try form.value(text)
    } catch {
      throw ValidationError("\(key.printable): \(error.description.printable)")
    }
  }

  /// The value, read from its file where it stands in one.
  func value() throws -> GGUFValue {
    guard isFile else { return try value(of: literal) }
    let path = String(text.dropFirst())
    let content = try EditFlags.text(of: path)
    do {
      guard form != .scalar(.string) else { return .string(content) }
      let trimmed = content.trimmingSuffix(while: \.isWhitespace)
      // A list in a file has an element a line, or is JSON.
      let isLines = trimmed.first != "[" && trimmed.contains("\n")
      return try form.value(
        isLines ? trimmed.split(whereSeparator: \.isNewline).joined(separator: ",") : trimmed)
    } catch {
      throw Failure("\(key.printable): \(error.description.printable)", path: path)
    }
  }
}

/// `OLD=NEW`, as people type it.
struct TensorRename: Sendable {
  let old: String
  let new: String

  init(parsing text: String) throws {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else {
      throw ValidationError("expected OLD=NEW, found '\(text.printable)'")
    }
    old = String(halves[0])
    new = String(halves[1])
  }
}

/// What `edit` changes.
struct EditFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Give a key a value; may be repeated. @FILE takes the value from a file, @@ begins a plain @.",
      valueName: "key=type:value"),
    transform: MetadataSetting.init(parsing:))
  var set: [MetadataSetting] = []

  @Option(help: ArgumentHelp("Remove a key; may be repeated.", valueName: "key"))
  var remove: [String] = []

  @Option(
    help: ArgumentHelp(
      "The chat template: a file of Jinja, or a tokenizer_config.json that holds one.",
      valueName: "file"), completion: .file())
  var chatTemplate: String?

  @Option(
    help: ArgumentHelp("Give a tensor another name; may be repeated.", valueName: "old=new"),
    transform: TensorRename.init(parsing:))
  var renameTensor: [TensorRename] = []

  @Flag(help: "Do also what may leave a file that does not work.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Leave this much room in the header of the copy, for later edits in place.", valueName: "size"
    ),
    transform: ByteSize.init(parsing:))
  var room: ByteSize?

  @Flag(
    inversion: .prefixedNo,
    help: "Give a copy digests of its bytes, or take those of the file away. (default: as it was)")
  var seal: Bool?

  func edit() throws -> Edit {
    var edit = Edit()
    edit.values = try set.map { ($0.key, try $0.value()) }
    if let chatTemplate {
      edit.values.append(("tokenizer.chat_template", .string(try template(chatTemplate))))
    }
    edit.removedKeys = remove
    edit.renamedTensors = renameTensor.map { ($0.old, $0.new) }
    edit.isForced = force
    edit.isSealed = seal ?? true
    edit.addsSeal = seal ?? false
    edit.roomByteCount = room?.byteCount
    return edit
  }

  private func template(_ path: String) throws -> String {
    var text = try Self.text(of: path)
    if path.hasSuffix(".json") {
      guard let found = try? JSONValue(parsing: Array(text.utf8))["chat_template"]?.string else {
        throw Failure("no chat_template in it that is a string", path: path)
      }
      text = found
    }
    do {
      _ = try ChatTemplate(text)
    } catch  where !force {
      throw Failure("\(error)", path: path, advice: "--force takes it all the same")
    } catch {}
    return text
  }

  fileprivate static func text(of path: String) throws -> String {
    let bytes = try MappedFile.contents(of: FilePath(path))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure("expected UTF-8", path: path)
    }
    return text
  }
}

extension String {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
    String(reversed().drop(while: isDropped).reversed())
  }
}
