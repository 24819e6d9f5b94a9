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
    /// The header may be half old and half new; see ``HeadRewrite``.
    case editPending
    /// The journal of an edit that is not of the file beside it.
    case foreignEdit
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
    case .editPending:
      "an edit of this file is not finished; quern edit --in-place with this file finishes it"
    case .foreignEdit:
      "the journal of an edit, but not of the file beside it as it is now; remove it if that file is whole"
    }
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
