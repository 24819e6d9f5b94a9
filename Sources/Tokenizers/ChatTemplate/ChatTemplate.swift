/// A compiled chat template: turns a conversation into the prompt that a model was trained on.
///
/// Templates are Jinja, rendered as the `transformers` library does it: blocks trimmed, nothing escaped, values
/// immutable. A template comes with the model and is not trusted: it sees its variables and nothing else, and its
/// steps, its depth and its output are bounded.
public struct ChatTemplate: Sendable {
  /// The template as it was written.
  public let source: String

  /// More bytes than any template has.
  static let maximumBytes = 1 << 19

  /// Never changed after `init`; the tree holds no more than literals.
  nonisolated(unsafe) private let statements: [TemplateStatement]

  /// The format of ChatML, for models that know its tokens and bring no template.
  public static let chatML =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] "
    + "+ '<|im_end|>' + '\\n'}}{% endfor %}"
    + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

  /// Compiles a template.
  ///
  /// - Throws: `ChatTemplateError` with the line.
  public init(_ source: String) throws(ChatTemplateError) {
    guard source.utf8.count <= Self.maximumBytes else { throw .limitExceeded(.source) }
    self.source = source
    statements = try TemplateParser.parse(source)
  }

  /// The prompt for a conversation.
  ///
  /// - Parameters:
  ///   - messages: The conversation so far.
  ///   - addGenerationPrompt: End with what precedes an answer of the assistant.
  ///   - tools: Descriptions of the functions that the model may call.
  ///   - variables: What else the template may ask for, as `bos_token` or `enable_thinking`.
  ///   - time: Seconds since 1970 for templates that print the date; nil for now.
  /// - Throws: `ChatTemplateError`; `.raised` is the template's own refusal.
  public func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, tools: [JSONValue]? = nil,
    variables: [String: JSONValue] = [:], time: Int? = nil
  ) throws(ChatTemplateError) -> String {
    var all = variables
    all["messages"] = .array(messages.map(\.json))
    all["add_generation_prompt"] = .bool(addGenerationPrompt)
    if let tools { all["tools"] = .array(tools) }
    return try render(variables: all, time: time)
  }

  /// Renders with exactly these variables, `messages` among them; `tools` and `documents` are none unless given.
  package func render(
    variables: [String: JSONValue], time: Int? = nil
  ) throws(ChatTemplateError) -> String {
    let scope = TemplateGlobals.scope()
    scope["tools"] = JinjaValue.none
    scope["documents"] = JinjaValue.none
    for (name, value) in variables { scope[name] = JinjaValue(value) }
    return try TemplateRenderer(clock: TemplateClock(fixed: time)).render(statements, scope)
  }
}

extension Tokenizer {
  /// The template of the checkpoint, or ChatML when it has none and the vocabulary has `<|im_start|>`.
  ///
  /// - Throws: `TokenizerError.noChatTemplate`, or `ChatTemplateError` for one that cannot be read.
  public func makeChatTemplate() throws -> ChatTemplate {
    if let chatTemplate { return try ChatTemplate(chatTemplate) }
    guard id(of: "<|im_start|>") != nil else { throw TokenizerError.noChatTemplate }
    return try ChatTemplate(ChatTemplate.chatML)
  }

  /// What templates expect to know of the vocabulary: `bos_token` and `eos_token`.
  public var templateVariables: [String: JSONValue] {
    var variables: [String: JSONValue] = [:]
    if let bosID { variables["bos_token"] = .string(piece(bosID)) }
    if let eosID { variables["eos_token"] = .string(piece(eosID)) }
    return variables
  }
}
