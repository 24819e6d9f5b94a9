import Checkpoints
import MappedFiles
import SystemPackage
import Tokenizers

/// A conversation in a file: a JSON list of messages, as `quern tokenize --chat` and chat APIs take it.
enum Transcript {
  static func write(_ messages: [ChatMessage], to path: FilePath, overwrite: Bool) throws {
    let text = JSONValue.array(messages.map(\.json)).text
    let writer = try AtomicFileWriter(path, byteCount: text.count, overwrite: overwrite)
    try writer.write(text, at: 0)
    try writer.commit()
  }

  /// - Throws: ``Failure`` when it is no such list, alone or as `messages` of an object.
  static func read(_ path: FilePath) throws -> [ChatMessage] {
    let root: JSONValue
    do {
      root = try JSONValue(parsing: MappedFile.contents(of: path))
    } catch let error as JSONError {
      throw Failure("\(error)", path: path.string)
    }
    let list = root["messages"]?.array ?? root.array
    let messages = (list ?? []).compactMap(ChatMessage.init(json:))
    guard let list, list.count == messages.count else {
      throw Failure(
        "expected a list of messages, each with role and content", path: path.string,
        advice: #"[{"role": "user", "content": "Hello"}]"#)
    }
    return messages
  }
}
