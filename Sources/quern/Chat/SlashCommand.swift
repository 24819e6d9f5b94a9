import Foundation

/// What one can say to the chat itself.
enum SlashCommand: String, CaseIterable {
  case help, system, reset, retry, undo, save, load, prompt, stats, exit

  /// How it is written, and what it does.
  var usage: (form: String, effect: String) {
    switch self {
    case .help: ("/help", "show this")
    case .system:
      ("/system [TEXT]", "show or set what the model is told first; /system none takes it away")
    case .reset: ("/reset", "begin a new conversation")
    case .retry: ("/retry", "answer the last question again")
    case .undo: ("/undo", "take back the last question and its answer")
    case .save: ("/save FILE", "write the conversation as JSON")
    case .load: ("/load FILE", "go on with a conversation that was saved")
    case .prompt:
      ("/prompt [ids]", "show the last prompt as the model was given it, or its token ids")
    case .stats: ("/stats", "show tokens, speed and memory")
    case .exit: ("/exit", "end the chat")
    }
  }

  /// Other names by which people call them.
  private static let synonyms: [String: SlashCommand] = [
    "?": .help, "bye": .exit, "clear": .reset, "new": .reset, "q": .exit, "quit": .exit,
    "regen": .retry,
  ]

  /// What a line means to the chat.
  enum Line: Equatable {
    case command(SlashCommand, argument: String)
    case unknown(String)
    /// It is for the model.
    case message
  }

  /// A command is a slash and a word; `/usr/bin` is none.
  static func parse(_ line: String) -> Line {
    guard line.hasPrefix("/"), !line.contains("\n") else { return .message }
    let parts = line.dropFirst().split(maxSplits: 1, whereSeparator: \.isWhitespace)
    let name = parts.first.map(String.init) ?? ""
    guard name.allSatisfy({ $0.isLetter || $0 == "?" }), !line.dropFirst().hasPrefix(" ") else {
      return .message
    }
    guard let command = SlashCommand(rawValue: name) ?? synonyms[name] else {
      return .unknown(name)
    }
    let argument = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    return .command(command, argument: argument)
  }

  /// What a line may become that begins like a command.
  static func completions(of line: String) -> [String] {
    guard line.hasPrefix("/") else { return [] }
    return allCases.map { "/" + $0.rawValue }.filter { $0.hasPrefix(line) }
  }
}
