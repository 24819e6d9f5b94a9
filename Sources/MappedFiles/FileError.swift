public import SystemPackage

/// What went wrong with a file, where.
public struct FileError: FileProblem, Hashable {
  public enum Reason: Sendable, Hashable {
    /// A system call failed.
    case system(operation: String, Errno)
    case notARegularFile
    case isADirectory
    case alreadyExists
    /// Another program is writing it.
    case inUse
    /// The file is shorter than it was when it was opened.
    case shrank(expected: Int, found: Int)
    /// The file was written to while it was read.
    case changed
    /// The system could not give a page of the file.
    case unreadable
  }

  public let path: FilePath?
  public let reason: Reason

  public init(path: FilePath, reason: Reason) {
    self.path = path
    self.reason = reason
  }
}

extension FileError {
  /// Whether the same work may succeed another time: the disk may have room, the medium may answer.
  public var mayPass: Bool {
    switch reason {
    case .system, .unreadable: true
    default: false
    }
  }
}

extension FileError: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .system(let operation, let errno):
      "cannot \(operation): \(errno.description.lowercasedFirst)"
    case .notARegularFile: "not a regular file"
    case .isADirectory: "is a directory, expected a file"
    case .alreadyExists: "already exists; --overwrite replaces it"
    case .inUse: "another run is writing it"
    case .shrank(let expected, let found):
      "the file shrank while it was read (expected \(expected) bytes, found \(found))"
    case .changed: "the file was written to while it was read"
    case .unreadable: "a part of the file could not be read"
    }
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
