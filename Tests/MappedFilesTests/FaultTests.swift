import Foundation
import MappedFiles
import SystemPackage
import TestSupport
import Testing

/// Files whose pages go away while they are read.
@Suite struct FaultTests {
  let folder: TemporaryFolder
  private static let byteCount = 1 << 20

  init() throws { folder = try TemporaryFolder() }

  private func makeFile(_ name: String = "file") throws -> FilePath {
    try folder.write([UInt8](repeating: 7, count: Self.byteCount), as: name)
  }

  private func resize(_ path: FilePath, to byteCount: Int) throws {
    let descriptor = try FileDescriptor.open(path, .writeOnly)
    try descriptor.closeAfter { try descriptor.resize(to: Int64(byteCount)) }
  }

  /// Truncates a file and makes it again what it was, as far as its status tells.
  private func punch(_ path: FilePath, whileAway body: () throws -> Void) throws {
    var status = stat()
    #expect(path.withPlatformString { stat($0, &status) } == 0)
    try resize(path, to: 0)
    try body()
    try resize(path, to: Self.byteCount)
    #if canImport(Darwin)
      let modified = status.st_mtimespec
    #else
      let modified = status.st_mtim
    #endif
    let times = [modified, modified]
    #expect(path.withPlatformString { utimensat(AT_FDCWD, $0, times, 0) } == 0)
  }

  private func sum(_ file: MappedFile) -> Int {
    file.withBytes { $0.reduce(0) { $0 + Int($1) } }
  }

  @Test(
    "A file that is cut while it is read is an error, not the end", arguments: [0, 5000, 65536])
  func truncation(left: Int) throws {
    let path = try makeFile()
    let file = try MappedFile(path)
    #expect(sum(file) == 7 * Self.byteCount)
    try resize(path, to: left)
    #expect(sum(file) == 7 * left)
    #expect(throws: FileError(path: path, reason: .shrank(expected: Self.byteCount, found: left))) {
      try file.checkUnchanged()
    }
  }

  @Test("A page that could not be read is an error, also when the file looks as before")
  func unreadable() throws {
    let path = try makeFile()
    let file = try MappedFile(path)
    try file.checkUnchanged()
    try punch(path) { #expect(sum(file) == 0) }
    #expect(throws: FileError(path: path, reason: .unreadable)) { try file.checkUnchanged() }
    #expect(throws: FileError(path: path, reason: .unreadable)) {
      try file.withUnchangedBytes { _ in throw CancellationError() }
    }
  }

  @Test("Damage is that of one file: not of its neighbours, and not of the next in its place")
  func isolation() throws {
    let paths = try ["a", "b", "c"].map { try makeFile($0) }
    do {
      let files = try paths.map { try MappedFile($0) }
      try punch(paths[1]) {
        DispatchQueue.concurrentPerform(iterations: 8) { _ in _ = sum(files[1]) }
      }
      try files[0].checkUnchanged()
      #expect(throws: FileError.self) { try files[1].checkUnchanged() }
      try files[2].checkUnchanged()
      #expect(sum(files[2]) == 7 * Self.byteCount)
    }
    for _ in 0..<4 {
      let files = try paths.indices.map { try MappedFile(makeFile("next-\($0)")) }
      for file in files { try file.checkUnchanged() }
    }
  }

  @Test("Files that come and go on several threads are each told apart")
  func churn() throws {
    let good = try makeFile("good")
    let gone = try (0..<4).map { try makeFile("gone-\($0)") }
    let damaged = try gone.map { try MappedFile($0) }
    for path in gone { try resize(path, to: 0) }
    DispatchQueue.concurrentPerform(iterations: 64) { index in
      guard let file = try? MappedFile(good) else { return }
      if index % 16 == 0 { _ = sum(damaged[index / 16]) }
      #expect(sum(file) == 7 * Self.byteCount)
      #expect(throws: Never.self) { try file.checkUnchanged() }
    }
    for file in damaged { #expect(throws: FileError.self) { try file.checkUnchanged() } }
  }

  #if compiler(>=6.2) && !os(iOS)
    @Test("A fault that is not in a mapped file ends the program as ever")
    func foreignFault() async {
      await #expect(processExitsWith: .signal(SIGBUS)) {
        let folder = try TemporaryFolder()
        let path = try folder.write([UInt8](repeating: 7, count: 8192), as: "file")
        let ours = try MappedFile(path)
        let descriptor = open(path.string, O_RDWR)
        let foreign = mmap(nil, 8192, PROT_READ, MAP_SHARED, descriptor, 0)
        ftruncate(descriptor, 0)
        _ = ours.withBytes { $0[0] }
        print(try #require(foreign).load(as: UInt8.self))
      }
    }

    @Test("A signal that a program sends is not taken for a fault")
    func sentSignal() async {
      await #expect(processExitsWith: .signal(SIGBUS)) {
        let folder = try TemporaryFolder()
        _ = try MappedFile(folder.write([7], as: "file"))
        raise(SIGBUS)
      }
    }
  #endif
}
