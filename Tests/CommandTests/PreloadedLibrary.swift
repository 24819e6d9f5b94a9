import Foundation

/// A C file of tools/, built as a library that is loaded into a program before all others.
struct PreloadedLibrary {
  let path: String

  /// - Returns: `nil` without a C compiler, or where libraries are not preloaded this way.
  init?(_ name: String) {
    #if os(Linux)
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../tools/\(name).c").standardizedFileURL.path
      path =
        FileManager.default.temporaryDirectory
        .appendingPathComponent("quern-\(name)-\(UUID().uuidString).so").path
      for compiler in ["cc", "gcc", "clang"] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [compiler, "-shared", "-fPIC", "-o", path, source, "-ldl"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { continue }
        process.waitUntilExit()
        if process.terminationStatus == 0 { return }
      }
    #endif
    return nil
  }

  func remove() { unlink(path) }
}
