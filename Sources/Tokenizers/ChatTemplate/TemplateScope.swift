/// The names of one part of a template; a part inside it sees them too.
final class TemplateScope {
  private let parent: TemplateScope?
  private var values: [String: JinjaValue] = [:]
  /// All scopes of a rendering that are alive are one list, which does not keep them alive.
  private let list: ScopeList
  fileprivate unowned(unsafe) var next: TemplateScope?
  fileprivate unowned(unsafe) var previous: TemplateScope?

  /// The outermost scope.
  init() {
    parent = nil
    list = ScopeList()
    list.insert(self)
  }

  init(inside parent: TemplateScope) {
    self.parent = parent
    list = parent.list
    list.insert(self)
  }

  deinit { list.remove(self) }

  subscript(name: String) -> JinjaValue? {
    get {
      var scope: TemplateScope? = self
      while let current = scope {
        if let value = current.values[name] { return value }
        scope = current.parent
      }
      return nil
    }
    set { values[name] = newValue }
  }

  /// Breaks the circle of a scope and the macros that it holds and that see it.
  func removeAll() { values = [:] }

  /// The values of all scopes that are alive, of this rendering.
  func forEachLiveValue(_ body: (JinjaValue) -> Void) {
    var scope = list.first
    while let current = scope {
      for value in current.values.values { body(value) }
      scope = current.next
    }
  }
}

private final class ScopeList {
  unowned(unsafe) var first: TemplateScope?

  func insert(_ scope: TemplateScope) {
    scope.next = first
    first?.previous = scope
    first = scope
  }

  func remove(_ scope: TemplateScope) {
    if let previous = scope.previous { previous.next = scope.next } else { first = scope.next }
    scope.next?.previous = scope.previous
  }
}
