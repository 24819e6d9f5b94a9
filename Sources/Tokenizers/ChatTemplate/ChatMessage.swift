/// One message of a conversation.
///
/// Templates read messages as dictionaries; whatever keys a template knows can be set through `fields`.
public struct ChatMessage: Sendable, Hashable {
  /// Who speaks: `system`, `user`, `assistant`, `tool`, or what else the template knows.
  public var role: String

  /// What is said: a string, a list of parts as `{"type": "text", "text": ...}`, or null beside tool calls.
  public var content: JSONValue

  /// Further keys in their order, as `tool_calls`, `tool_call_id` or `reasoning_content`.
  public var fields: [JSONValue.Member]

  public init(role: String, content: String, fields: [JSONValue.Member] = []) {
    self.role = role
    self.content = .string(content)
    self.fields = fields
  }

  /// A message as the chat APIs write it: an object with `role` and `content`.
  ///
  /// Returns nil for anything that is no object with a role.
  public init?(json: JSONValue) {
    guard let role = json["role"]?.string, let members = json.object else { return nil }
    self.role = role
    content = json["content"] ?? .null
    fields = members.filter { $0.key != "role" && $0.key != "content" }
    order = members.map(\.key)
  }

  /// The keys of a message that was read, in their order: a template may print the message as it came, and can tell
  /// one without `content` from one where it is null.
  private var order: [String] = ["role", "content"]

  /// The message as an object: the keys in the order they came, `role` and `content` first where none was given.
  public var json: JSONValue {
    var members: [JSONValue.Member] = []
    for key in order {
      switch key {
      case "role": members.append(.init(key, .string(role)))
      case "content": members.append(.init(key, content))
      default: members += fields.filter { $0.key == key }
      }
    }
    return .object(members + fields.filter { !order.contains($0.key) })
  }
}
