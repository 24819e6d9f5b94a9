public import SystemPackage

/// An error about one file, described in one line that does not repeat the path.
public protocol FileProblem: Error, CustomStringConvertible {
  /// The file, when it is known.
  var path: FilePath? { get }
}
