import Foundation
import Testing

/// Runs the built `quern`, as a shell would.
struct Program {
  let status: Int32
  let output: String
  let errors: String

  @discardableResult init(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) throws {
    try self.init(arguments, input: input, environment: environment)
  }

  init(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws {
    let process = Process()
    process.executableURL = try Self.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: nothing can fill up while nobody reads.
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("quern-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ content: String = "") throws -> FileHandle {
      let url = folder.appendingPathComponent(name)
      try Data(content.utf8).write(to: url)
      return try FileHandle(forUpdating: url)
    }
    process.standardInput = try file("input", input)
    process.standardOutput = try file("output")
    process.standardError = try file("errors")
    try process.run()
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -1
    output = try String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8)
    errors = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
  }

  /// The object on standard output.
  func json() throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
    return try #require(object as? [String: Any])
  }

  /// The program stands beside the test bundle.
  static var executable: URL {
    get throws {
      let folders = CommandLine.arguments.prefix(1)
        .map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
      let beside = folders.map { $0.appendingPathComponent("quern") }
      let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL
      let built = ["release", "debug"].map {
        root.appendingPathComponent(".build/\($0)/quern")
      }
      return try #require(
        (beside + built).first { FileManager.default.isExecutableFile(atPath: $0.path) },
        "quern is not built")
    }
  }
}

/// A folder of the repository's fixtures.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/\(name)").standardizedFileURL.path
}
