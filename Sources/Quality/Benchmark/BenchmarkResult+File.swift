import Foundation
public import MappedFiles
public import SystemPackage

/// Why a file is not the result of a benchmark.
public struct BenchmarkFileError: FileProblem, Hashable {
  public enum Reason: Sendable, Hashable {
    case tooLarge(limit: Int)
    case notJSON
    case missing(field: String)
    /// A field of the wrong kind, or a number out of range.
    case badValue(field: String, expected: String)
  }

  public let path: FilePath?
  public let reason: Reason

  public init(path: FilePath?, reason: Reason) {
    self.path = path
    self.reason = reason
  }
}

extension BenchmarkFileError: CustomStringConvertible {
  public var description: String {
    let what = "not a result of quern bench --json"
    return switch reason {
    case .tooLarge(let limit): "\(what): more than \(limit) bytes"
    case .notJSON: "\(what): not a JSON object, or a number in it is out of range"
    case .missing(let field): "\(what): field '\(field)' is missing"
    case .badValue(let field, let expected): "\(what): field '\(field)' is not \(expected)"
    }
  }
}

extension BenchmarkResult {
  /// No result is larger.
  private static let byteLimit = 1 << 20

  /// Reads what `quern bench --json` printed.
  ///
  /// - Throws: `FileError` or ``BenchmarkFileError``.
  public init(contentsOf path: FilePath) throws {
    let bytes = try MappedFile.contents(of: path, limit: Self.byteLimit + 1)
    guard bytes.count <= Self.byteLimit else {
      throw BenchmarkFileError(path: path, reason: .tooLarge(limit: Self.byteLimit))
    }
    do {
      self = try JSONDecoder().decode(BenchmarkResult.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw BenchmarkFileError(path: path, reason: .init(error))
    }
    if let reason = problem { throw BenchmarkFileError(path: path, reason: reason) }
  }

  /// The first number that no benchmark finds.
  private var problem: BenchmarkFileError.Reason? {
    func unlessPositive(_ field: String, _ values: Double...) -> BenchmarkFileError.Reason? {
      values.allSatisfy { $0.isFinite && $0 > 0 }
        ? nil : .badValue(field: field, expected: "a number above 0")
    }
    for (field, ceilings) in [
      ("ceilings", ceilings), ("ceilings_one_thread", ceilingsOneThread),
    ] {
      let rates = (ceilings.memoryRead, ceilings.int8Macs, ceilings.floatMacs)
      if let reason = unlessPositive(field, rates.0, rates.1, rates.2) { return reason }
    }
    for (field, speeds) in [("prompt", prompt), ("generation", generation)] {
      for (index, speed) in speeds.enumerated() {
        let field = "\(field).\(index)"
        let rates = (speed.slowest, speed.tokensPerSecond, speed.fastest)
        if let reason = unlessPositive(field, Double(speed.tokens), rates.0, rates.1, rates.2) {
          return reason
        }
        guard rates.0 <= rates.1, rates.1 <= rates.2 else {
          return .badValue(field: field, expected: "a median between slowest and fastest")
        }
      }
    }
    return nil
  }
}

extension BenchmarkFileError.Reason {
  fileprivate init(_ error: DecodingError) {
    func field(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      self = .missing(field: field(context.codingPath + [key]))
    case .typeMismatch(_, let context) where context.codingPath.isEmpty: self = .notJSON
    case .valueNotFound(let type, let context), .typeMismatch(let type, let context):
      self = .badValue(field: field(context.codingPath), expected: Self.name(of: type))
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      self = .badValue(field: field(context.codingPath), expected: "a number in range")
    default: self = .notJSON
    }
  }

  private static func name(of type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Int.Type, is Double.Type: "a number"
    case is any Collection.Type: "a list"
    default: "an object"
    }
  }
}
