/// What a rendering may use: steps, and memory for the values it makes.
///
/// Values are counted as they are made. What is gone again is found from time to time, between statements, by going
/// through all that is still in reach; what a statement holds that waits for a macro is out of reach and stays
/// counted.
struct TemplateBudget {
  /// Statements and operations; strings and lists count by their size.
  static let steps = 1_000_000
  /// Bytes of one string or list.
  static let textBytes = 4 << 20
  /// Bytes of all values that are made.
  static let memory = 16 << 20
  /// Bytes that are made before it is worth looking for what is gone.
  private static let auditInterval = 4 << 20

  private var stepsLeft: Int
  /// Bytes of one string or list at most.
  let maximumBytes: Int
  private let maximumMemory: Int

  /// Bytes of values that are in use or were at the last look.
  private var made = 0
  private var madeAtAudit = 0
  private var madeAtStatement = 0
  /// Bytes of values that waiting statements hold.
  private var pinned = 0
  /// Bytes of text that is being put together.
  private var buffered = 0

  /// - Parameter inputs: The size of the variables: who says much may get much back.
  init(inputs: ValueSize) {
    stepsLeft = Self.steps + 1000 * inputs.values + inputs.bytes
    maximumBytes = Self.textBytes + 2 * inputs.bytes
    maximumMemory = Self.memory + 8 * inputs.bytes
  }

  mutating func step(_ count: Int = 1) throws(ChatTemplateError) {
    stepsLeft -= count
    guard stepsLeft >= 0 else { throw .limitExceeded(.steps) }
  }

  /// Counts work and memory for a value of so many bytes.
  mutating func make(_ bytes: Int) throws(ChatTemplateError) {
    guard bytes <= maximumBytes else { throw .limitExceeded(.output) }
    made += bytes
    try step(1 + bytes / 64)
    try check()
  }

  /// Counts text that is added to what a template renders.
  mutating func buffer(_ bytes: Int) throws(ChatTemplateError) {
    buffered += bytes
    try step(1 + bytes / 64)
    try check()
  }

  /// What was put together has become a value.
  mutating func unbuffer(_ bytes: Int) { buffered -= bytes }

  private func check() throws(ChatTemplateError) {
    guard made + pinned + buffered <= maximumMemory else { throw .limitExceeded(.memory) }
  }

  // MARK: Statements

  /// Whether so much was made since that some of it may be gone.
  var wantsAudit: Bool { made - madeAtAudit > max(Self.auditInterval, madeAtAudit / 2) }

  mutating func audited(live: Int) {
    made = live
    madeAtAudit = live
  }

  mutating func beginStatement() { madeAtStatement = made }

  /// Holds what the current statement made while others run inside it; gives what to release later.
  mutating func pin() -> Int {
    let held = max(0, made - madeAtStatement)
    made -= held
    pinned += held
    madeAtStatement = made
    return held
  }

  mutating func unpin(_ held: Int) {
    pinned -= held
    made += held
    madeAtStatement = made - held
  }
}

/// How large values are.
struct ValueSize {
  /// Lists inside lists.
  static let maximumDepth = 300

  /// Values inside the value, itself counted.
  var values = 0
  /// Bytes of text and lists.
  var bytes = 0
  var depth = 0

  /// Goes through a value; stops with an error where it is nested too deep or `count` refuses.
  mutating func add(
    _ value: JinjaValue, count: (Int) throws(ChatTemplateError) -> Void
  ) throws(ChatTemplateError) {
    var pending: [(value: JinjaValue, depth: Int)] = [(value, 0)]
    while let (value, depth) = pending.popLast() {
      values += 1
      self.depth = max(self.depth, depth)
      if values % 8 == 0 { try count(1) }
      if let text = value.text { bytes += text.utf8.count }
      let children = value.children
      guard !children.isEmpty else { continue }
      guard depth < Self.maximumDepth else { throw .limitExceeded(.nesting) }
      for child in children { pending.append((child, depth + 1)) }
    }
  }

  /// The bytes of values in reach, those that are shared once.
  static func live(_ forEachRoot: ((JinjaValue) -> Void) -> Void) -> Int {
    var seen: Set<UInt> = []
    var bytes = 0
    func isNew<Element>(_ items: [Element]) -> Bool {
      items.withUnsafeBufferPointer { seen.insert(UInt(bitPattern: $0.baseAddress)).inserted }
    }
    func add(_ root: JinjaValue) {
      var pending = [root]
      while let value = pending.popLast() {
        bytes += JinjaValue.byteCount
        switch value {
        case .string(let text), .markup(let text):
          guard text.utf8.count > 64 else { continue }
          let place = text.utf8.withContiguousStorageIfAvailable {
            UInt(bitPattern: $0.baseAddress)
          }
          if place.map({ seen.insert($0).inserted }) ?? true { bytes += text.utf8.count }
        case .list(let items), .tuple(let items): if isNew(items) { pending += items }
        case .dictionary(let dictionary), .view(let dictionary, _):
          guard isNew(dictionary.entries) else { continue }
          bytes += 96 * dictionary.count
          pending += dictionary.list(.values)
        default:
          guard let object = value.object, seen.insert(object).inserted else { continue }
          pending += value.children
        }
      }
    }
    forEachRoot(add)
    return bytes
  }
}

extension JinjaValue {
  /// The values inside a value; for a dictionary those that it holds.
  fileprivate var children: [JinjaValue] {
    switch self {
    case .list(let items), .tuple(let items): items
    case .dictionary(let dictionary), .view(let dictionary, _): dictionary.list(.values)
    case .generator(let generator): Array(generator.remaining)
    case .namespace(let namespace): namespace.attributes.list(.values)
    case .loop(let loop): loop.items
    case .cycler(let cycler): cycler.items
    default: []
    }
  }

  /// What tells objects apart.
  fileprivate var object: UInt? {
    switch self {
    case .generator(let object): UInt(bitPattern: ObjectIdentifier(object))
    case .namespace(let object): UInt(bitPattern: ObjectIdentifier(object))
    case .loop(let object): UInt(bitPattern: ObjectIdentifier(object))
    case .cycler(let object): UInt(bitPattern: ObjectIdentifier(object))
    default: nil
    }
  }
}
