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
    guard let library = PreloadedLibrary("failing-calls") else { return nil }
    atexit { FailingCalls.removeLibrary() }
    return library.path
  }()

  private static func removeLibrary() {
    if let library { unlink(library) }
  }
}
