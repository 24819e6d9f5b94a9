/// `NAME-00002-of-00007.gguf`: what llama.cpp calls a part of a split file.
///
/// - Source: `llama_split_path` of llama.cpp's src/llama.cpp.
public struct GGUFPartName: Sendable, Hashable {
  /// `NAME`
  public let stem: String
  /// From 1 to `count`.
  public let number: Int
  public let count: Int

  /// `split.count` is an unsigned 16-bit number.
  public static let countLimit = Int(UInt16.max)

  public init(stem: String, number: Int, count: Int) {
    self.stem = stem
    self.number = number
    self.count = count
  }

  /// `nil` for a name of another form.
  public init?(_ fileName: String) {
    guard fileName.hasSuffix(Self.fileExtension) else { return nil }
    let fields = fileName.dropLast(Self.fileExtension.count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, fields[fields.count - 2] == "of",
      let number = Self.number(fields[fields.count - 3]),
      let count = Self.number(fields[fields.count - 1]),
      number >= 1, number <= count, count <= Self.countLimit
    else { return nil }
    stem = fields.dropLast(3).joined(separator: "-")
    guard !stem.isEmpty else { return nil }
    self.number = number
    self.count = count
  }

  /// `NAME-00002-of-00007.gguf`
  public var fileName: String {
    "\(stem)-\(Self.digits(number))-of-\(Self.digits(count))\(Self.fileExtension)"
  }

  /// The name of another part of the same set.
  public func part(_ number: Int) -> Self { Self(stem: stem, number: number, count: count) }

  private static let fileExtension = ".gguf"

  /// Exactly five digits: no count has more.
  private static func number(_ digits: Substring) -> Int? {
    guard digits.utf8.count == 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(digits)
  }

  private static func digits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
