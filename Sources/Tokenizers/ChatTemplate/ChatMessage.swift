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
    hasContent = json["content"] != nil
  }

  /// False for a message read without `content`, which templates can tell from a null.
  private var hasContent = true

  /// The message as an object, `role` and `content` first.
  public var json: JSONValue {
    let said: [JSONValue.Member] = hasContent ? [.init("content", content)] : []
    return .object([.init("role", .string(role))] + said + fields)
  }
}
