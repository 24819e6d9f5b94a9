import Foundation
import TestSupport
import Testing

/// Conversions that something goes wrong with: an error that says what, nothing under the final name,
/// and the same command ends with the same bytes.
@Suite(.enabled(if: FailingCalls.isAvailable, "no C compiler, or no LD_PRELOAD"))
struct CrashSafetyTests {
  let folder: TemporaryFolder
  /// What a run that nothing disturbs makes.
  private let expected: [String: [UInt8]]

  init() throws {
    folder = try TemporaryFolder()
    var expected: [String: [UInt8]] = [:]
    for kind in Kind.allCases {
      let path = folder.path.appending("undisturbed").string + kind.ending
      let program = try Program(kind.command(to: path))
      try #require(program.status == 0, "\(program.errors)")
      expected[kind.rawValue] = try Self.content(kind, at: path)
      for name in try folder.names {
        try FileManager.default.removeItem(atPath: folder.path.appending(name).string)
      }
    }
    self.expected = expected
  }

  enum Kind: String, CaseIterable, Sendable {
    case file, folder, set

    var ending: String { self == .folder ? "/" : ".gguf" }

    func command(to path: String) -> [String] {
      let source = fixture("checkpoints/tiny-llama")
      return switch self {
      case .file: ["quantize", source, path, "--type", "Q8_0", "--json"]
      case .folder: ["convert", source, path, "--type", "F16", "--json"]
      case .set:
        ["quantize", source, path, "--type", "Q8_0", "--json", "--max-shard-tensors", "8"]
      }
    }

    /// What `path` becomes: the file whose appearance says that all is there comes first.
    func results(at path: String) -> [String] {
      guard self == .set else { return [path] }
      return (1...3).map { path.dropLast(5) + "-0000\($0)-of-00003.gguf" }
    }
  }

  /// The bytes of all that `path` became.
  private static func content(_ kind: Kind, at path: String) throws -> [UInt8] {
    try kind.results(at: path).flatMap(content)
  }

  /// The bytes of a file, or of all files of a folder after their names.
  private static func content(_ path: String) throws -> [UInt8] {
    guard path.hasSuffix("/") else {
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted().flatMap {
      try Array($0.utf8) + content(path + $0)
    }
  }

  private func target(_ kind: Kind) -> String { folder.path.appending("out").string + kind.ending }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func isThere(_ kind: Kind) -> Bool { exists(kind.results(at: target(kind))[0]) }

  /// Runs the same command again, with nothing in its way.
  ///
  /// - Returns: The bytes that it kept of the earlier run.
  @discardableResult private func goOn(_ kind: Kind, after what: String) throws -> Int {
    let again = try Program(kind.command(to: target(kind)))
    #expect(again.status == 0, "after \(what): \(again.errors)")
    #expect(try Self.content(kind, at: target(kind)) == expected[kind.rawValue], "after \(what)")
    let names = kind.results(at: target(kind)).map { URL(fileURLWithPath: $0).lastPathComponent }
    #expect(try folder.names == names, "after \(what)")
    return try #require(try again.json()["kept_bytes"] as? Int)
  }

  @Test(
    "What the file system refuses is one line, and resumable",
    arguments: [
      ("creat 1 fail \(EROFS)", "cannot create: read-only file system"),
      ("creat 2 fail \(EACCES)", "cannot create: permission denied"),
      ("posix_fallocate 1 fail \(ENOSPC)", "bytes: no space left on device"),
      ("ftruncate 1 fail \(EIO)", "cannot truncate: input/output error"),
      ("pwrite 1 fail \(ENOSPC)", "cannot write: no space left on device"),
      ("pwrite 4 fail \(EIO)", "cannot write: input/output error"),
      ("write 1 fail \(ENOSPC)", "cannot write: no space left on device"),
      ("write 5 fail \(EDQUOT)", "cannot write: disk quota exceeded"),
      ("fsync 1 fail \(EIO)", "cannot sync: input/output error"),
      ("rename 1 fail \(EACCES)", "cannot rename: permission denied"),
    ], Kind.allCases)
  func refusals(fault: (call: String, message: String), kind: Kind) throws {
    // Making a folder is another call.
    let call =
      kind != .file ? fault.call.replacingOccurrences(of: "creat 1", with: "mkdir 1") : fault.call
    let program = try Program(
      kind.command(to: target(kind)), environment: FailingCalls.environment(call))
    #expect(program.status == 1)
    #expect(program.output.isEmpty)
    #expect(!isThere(kind))
    let errors = program.errors.split(separator: "\n").filter { !$0.hasPrefix("note:") }
    #expect(errors.first?.hasPrefix("quern: \(folder.path)/out") == true)
    #expect(errors.first?.hasSuffix(fault.message) == true, "\(program.errors)")
    let isBegun = try !folder.names.isEmpty
    #expect(errors.dropFirst() == (isBegun ? ["  the same command goes on from here"] : []))
    try goOn(kind, after: call)
  }

  @Test("Pages that could not be synced are written again, all others are kept")
  func distrust() throws {
    for (call, kept) in [("fsync 1 fail \(EIO)", false), ("rename 1 fail \(EIO)", true)] {
      _ = try Program(
        Kind.file.command(to: target(.file)), environment: FailingCalls.environment(call))
      let keptByteCount = try goOn(.file, after: call)
      #expect((keptByteCount > 0) == kept)
      try FileManager.default.removeItem(atPath: target(.file))
    }
  }

  @Test(
    "An interrupt ends with its code and a word, and the same command goes on",
    arguments: [SIGINT, SIGTERM, SIGHUP])
  func interrupts(signal: Int32) throws {
    let program = try Program(
      Kind.file.command(to: target(.file)),
      environment: FailingCalls.environment("pwrite 6 signal \(signal)"))
    #expect(program.status == 128 + signal)
    #expect(program.errors.contains("quern: interrupted; the same command goes on from here\n"))
    #expect(!exists(target(.file)))
    #expect(try goOn(.file, after: "signal \(signal)") > 0)
  }

  @Test("Work that took values which are not finite is not gone on with by a run that refuses them")
  func strictness() throws {
    // The last value of the last tensor is no number.
    let source = folder.path.appending("source.gguf").string
    _ = try Program("convert", fixture("checkpoints/tiny-llama"), source, "--type", "F32")
    let tensors = try #require(
      try Program("inspect", source, "--json").json()["tensors"] as? [[String: Any]])
    let ends = tensors.compactMap { tensor in
      (tensor["offset"] as? Int).flatMap { offset in (tensor["bytes"] as? Int).map { offset + $0 } }
    }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: source))
    try file.seek(toOffset: UInt64(try #require(ends.max()) - 4))
    try file.write(contentsOf: withUnsafeBytes(of: Float.nan.bitPattern) { Data($0) })
    try file.close()
    let command = ["quantize", source, target(.file), "--type", "F16"]
    let generous = try Program(
      command + ["--allow-non-finite"],
      environment: FailingCalls.environment("rename 1 fail \(EIO)"))
    #expect(generous.status == 1)
    let strict = try Program(command)
    #expect(strict.status == 1)
    #expect(strict.errors.contains("expected finite values, found nan"))
    #expect(!isThere(.file))
  }

  @Test("A signal that the caller ignores is ignored")
  func ignored() throws {
    let environment = FailingCalls.environment("pwrite 2 signal \(SIGINT)")
    let settings = environment.map { "\($0)='\($1)'" }.joined(separator: " ")
    let words = try [Program.executable.path] + Kind.file.command(to: target(.file))
    let status = try shell(
      "trap '' INT; \(settings) exec '\(words.joined(separator: "' '"))' >/dev/null 2>&1")
    #expect(status == 0)
    #expect(exists(target(.file)))
  }

  @Test(
    "A kill before any call that changes the disk loses nothing but time", arguments: Kind.allCases)
  func kills(kind: Kind) throws {
    for call in [
      "creat", "mkdir", "ftruncate", "posix_fallocate", "pwrite", "write", "fsync", "rename",
      "unlink", "rmdir",
    ] {
      var count = 0
      while true {
        count += 1
        let what = "\(call) \(count) signal \(SIGKILL)"
        let program = try Program(
          kind.command(to: target(kind)), environment: FailingCalls.environment(what))
        if program.status == 0 { break }
        #expect(program.status == -1, "\(what): \(program.errors)")
        if isThere(kind) {
          // After the rename all is there, and at most a journal is left to remove.
          #expect(
            try Self.content(kind, at: target(kind)) == expected[kind.rawValue], "\(what)")
        } else {
          try goOn(kind, after: what)
        }
        try clear()
      }
      try clear()
    }
  }

  private func clear() throws {
    for name in try folder.names {
      try FileManager.default.removeItem(atPath: folder.path.appending(name).string)
    }
  }

  @Test("While one run writes a destination, another is refused")
  func twoRuns() throws {
    let first = Process()
    first.executableURL = try Program.executable
    first.arguments = Kind.file.command(to: target(.file))
    first.environment = ProcessInfo.processInfo.environment
      .merging(FailingCalls.environment("pwrite 2 signal \(SIGSTOP)")) { $1 }
    first.standardOutput = FileHandle.nullDevice
    first.standardError = FileHandle.nullDevice
    try first.run()
    let journal = folder.path.appending("out.gguf.quern-journal").string
    while first.isRunning, !exists(journal) { usleep(1000) }
    let second = try Program(Kind.file.command(to: target(.file)))
    #expect(second.status == 1)
    #expect(second.errors.hasSuffix("out.gguf: another run is writing it\n"))
    // Again and again, for it may not have come to its stop yet.
    while first.isRunning {
      kill(first.processIdentifier, SIGCONT)
      usleep(1000)
    }
    #expect(first.terminationStatus == 0)
    #expect(try Self.content(.file, at: target(.file)) == expected[Kind.file.rawValue])
  }

  @Test("A limit on the size of files is an error like a full disk")
  func fileSizeLimit() throws {
    let words = try [Program.executable.path] + Kind.file.command(to: target(.file))
    let errors = folder.path.appending("errors").string
    let status = try shell(
      "ulimit -f 16; exec '\(words.joined(separator: "' '"))' >/dev/null 2>'\(errors)'")
    #expect(status == 1)
    let text = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(text.contains("file too large"))
    try FileManager.default.removeItem(atPath: errors)
    try goOn(.file, after: "a limit")
  }

  private func shell(_ script: String) throws -> Int32 {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", script]
    try shell.run()
    shell.waitUntilExit()
    return shell.terminationReason == .exit ? shell.terminationStatus : -1
  }
}
