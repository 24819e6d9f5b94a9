import ArgumentParser
import Foundation
import Inference
import MappedFiles
import Quality
import SystemPackage
import TensorCore
import Tokenizers

/// A conversation in a terminal or a pipe: a message, its answer, and so on.
///
/// Answers go to standard output, all else to standard error.
struct ChatLoop {
  let chat: Chat
  let sampling: SamplingParameters
  let limit: Int?
  let constraint: GrammarConstraint?
  let showsThoughts: Bool
  let output: OutputOptions
  private let source: MessageSource
  private var last: GenerationStatistics?
  /// The files of this conversation, which `/save` may write again.
  private var files: Set<FilePath> = []

  init(
    _ chat: Chat, sampling: SamplingParameters, limit: Int?, constraint: GrammarConstraint?,
    showsThoughts: Bool, output: OutputOptions
  ) {
    self.chat = chat
    self.sampling = sampling
    self.limit = limit
    self.constraint = constraint
    self.showsThoughts = showsThoughts
    self.output = output
    source = MessageSource(isQuiet: output.quiet)
  }

  mutating func run() throws {
    if source.isEditor {
      output.note(
        "Type a message; /help shows what else there is. ctrl-C ends an answer, ctrl-D the chat.")
    }
    let source = source
    try source.conversation { try converse() }
    if output.verbose { noteMemory() }
  }

  private mutating func converse() throws {
    while true {
      switch source.next() {
      case .endOfInput: return
      case .interrupted: output.note("/exit or ctrl-D ends the chat.")
      case .text(let text):
        guard try take(text) else { return }
      }
    }
  }

  /// - Returns: Whether the chat goes on.
  private mutating func take(_ text: String) throws -> Bool {
    switch SlashCommand.parse(text) {
    case .message:
      let message = MessageText.content(text)
      if !message.allSatisfy(\.isWhitespace) { try answer(message) }
    case .unknown(let name):
      say(
        "There is no /\(name.printable); /help shows what there is. A space before it sends it to the model."
      )
    case .command(.exit, _): return false
    case .command(let command, let argument):
      do {
        try obey(command, argument)
      } catch  where Failure.isOurs(error) {
        Failure.report(error)
      }
    }
    return true
  }

  // MARK: Answers

  private mutating func answer(_ message: String) throws {
    let interruption = Interruption()
    let forgotten = chat.forgottenCount
    var said = TerminalText(showsThoughts: showsThoughts) { [chat] in chat.promptText }
    do {
      let statistics = try Interrupts.ending(interruption) {
        try chat.answer(
          to: message, sampling: sampling, limit: limit, constraint: constraint,
          interruption: interruption
        ) { piece in
          said.write(piece)
          return true
        }
      }
      said.endLine()
      if source.isEditor { output.note("") }
      last = statistics
      note(statistics, forgotten: chat.forgottenCount - forgotten)
    } catch let error as ModelError {
      said.endLine(ifOpen: true)
      guard source.isEditor, error.isOfConversation else { throw error }
      Failure.report(error)
      say("The message was not kept. /reset begins anew; --context makes room for more.")
    } catch let error as ChatTemplateError where source.isEditor {
      Failure.report(error)
      say("The message was not kept.")
    }
  }

  private func note(_ statistics: GenerationStatistics, forgotten: Int) {
    if forgotten > 0 {
      say("The context is full: the model no longer sees the oldest \(forgotten) messages.")
    }
    switch statistics.stopReason {
    case .contextEnd:
      say("The context is full: the answer ends here. --context makes room for more.")
    case .cancelled where statistics.newTokenCount == 0: say("Stopped; the message was not kept.")
    default: break
    }
    if output.verbose { output.note(statistics.line(loading: 0)) }
  }

  private func say(_ text: String) { output.note(text) }

  // MARK: Commands

  private mutating func obey(_ command: SlashCommand, _ argument: String) throws {
    switch command {
    case .help: showHelp()
    case .system: setSystem(argument)
    case .reset:
      chat.restart(with: chat.system.map { [$0] } ?? [])
      say("A new conversation.")
    case .retry: try retry()
    case .undo:
      let question = chat.takeBack()
      say(question == nil ? "Nothing was asked yet." : "The last question and its answer are gone.")
    case .save: try save(argument)
    case .load: try load(argument)
    case .prompt: showPrompt(asIDs: argument == "ids")
    case .stats: showStatistics()
    case .exit: break
    }
  }

  private func showHelp() {
    let usages = SlashCommand.allCases.map(\.usage)
    let width = usages.map(\.form.count).max() ?? 0
    for usage in usages {
      say(usage.form.padding(toLength: width + 2, withPad: " ", startingAt: 0) + usage.effect)
    }
    say("A line that ends in \\ goes on, and so does a text between \"\"\" and \"\"\".")
    if source.isEditor {
      say("Alt-Enter or ctrl-J begins a new line, the arrow keys bring back what you said before.")
    }
  }

  private func setSystem(_ text: String) {
    guard !text.isEmpty else {
      return say(chat.system?.content.string?.printable ?? "The model is told nothing first.")
    }
    chat.system = text == "none" ? nil : ChatMessage(role: "system", content: text)
    say(text == "none" ? "The model is told nothing first." : "The model is told so from now on.")
  }

  private mutating func retry() throws {
    guard let question = chat.takeBack() else { return say("Nothing was asked yet.") }
    guard let text = question.content.string else {
      return say("The last question is no plain text.")
    }
    try answer(text)
  }

  private mutating func save(_ name: String) throws {
    guard !name.isEmpty else { return say("/save needs the name of a file.") }
    let path = FilePath.expanding(name)
    try Transcript.write(chat.messages, to: path, overwrite: files.contains(path))
    files.insert(path)
    say("\(chat.messages.count) messages saved.")
  }

  private mutating func load(_ name: String) throws {
    guard !name.isEmpty else { return say("/load needs the name of a file.") }
    let path = FilePath.expanding(name)
    chat.restart(with: try Transcript.read(path))
    files.insert(path)
    say("\(chat.messages.count) messages loaded.")
  }

  private func showPrompt(asIDs: Bool) {
    let prompt = chat.prompt
    guard !prompt.isEmpty else { return say("Nothing was asked yet.") }
    say(
      asIDs
        ? prompt.map(String.init).joined(separator: " ")
        : TerminalText.harmless(chat.promptText))
  }

  private func showStatistics() {
    let session = chat.generator.session
    say("context: \(session.position) of \(session.contextLength) tokens")
    let turns = chat.messages.count { $0.role == "user" }
    let forgotten = chat.forgottenCount
    say(
      "conversation: \(turns) question\(turns == 1 ? "" : "s")"
        + (forgotten > 0 ? "; the model no longer sees the oldest \(forgotten) messages" : ""))
    if let last { say("last answer: \(last.line(loading: 0))") }
    noteMemory()
  }

  private func noteMemory() {
    if let memory = MemoryUse.current(with: chat.generator.session) { say(memory.line) }
  }
}

extension ModelError {
  /// Whether another message may do better.
  fileprivate var isOfConversation: Bool { if case .contextFull = self { true } else { false } }
}

extension FilePath {
  /// A path as a shell would read it, with the home folder for `~`.
  fileprivate static func expanding(_ name: String) -> FilePath {
    FilePath((name as NSString).expandingTildeInPath).lexicallyNormalized()
  }
}
