import MappedFiles
import SystemPackage

/// Small files that may be missing.
enum FileSystem {
  static func bytesIfPresent(_ path: FilePath) throws -> [UInt8]? {
    do throws(FileError) {
      return try MappedFile.contents(of: path)
    } catch {
      guard error.isMissingFile else { throw error }
      return nil
    }
  }

  static func textIfPresent(_ path: FilePath) throws -> String? {
    try bytesIfPresent(path).map { String(decoding: $0, as: UTF8.self) }
  }

  static func exists(_ path: FilePath) throws -> Bool {
    do throws(FileError) {
      _ = try MappedFile(path)
      return true
    } catch {
      guard error.isMissingFile else { throw error }
      return false
    }
  }
}
