import Foundation

/// A library that lets a system call of the program fail, or a signal arrive at it: tools/failing-calls.c.
enum FailingCalls {
  /// What the environment has to say for `choice`, such as `pwrite 3 fail 28`.
  static func environment(_ choice: String) -> [String: String] {
    ["LD_PRELOAD": library ?? "", "FAILING_CALL": choice]
  }

  static var isAvailable: Bool { library != nil }

  /// Built once; `nil` without a C compiler, or where libraries are not preloaded this way.
  private static let library: String? = {
    #if os(Linux)
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../tools/failing-calls.c").standardizedFileURL.path
      let built = FileManager.default.temporaryDirectory
        .appendingPathComponent("quern-failing-calls-\(getpid()).so").path
      for compiler in ["cc", "gcc", "clang"] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [compiler, "-shared", "-fPIC", "-o", built, source, "-ldl"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { continue }
        process.waitUntilExit()
        if process.terminationStatus == 0 {
          atexit { FailingCalls.removeLibrary() }
          return built
        }
      }
    #endif
    return nil
  }()

  private static func removeLibrary() {
    if let library { unlink(library) }
  }
}
