public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The names in a folder.
public struct FolderListing: Sendable {
  /// Sorted, without `.` and `..`.
  public let names: [String]

  public init(_ path: FilePath) throws(FileError) {
    guard let folder = path.withPlatformString({ opendir($0) }) else {
      throw FileError(
        path: path, reason: .system(operation: "list", Errno(rawValue: errno)))
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    self.names = names.sorted()
  }
}
