import MappedFiles
import SystemPackage

/// A file once more under another name, which appears when it is whole.
enum FileCopy {
  static func make(of source: FilePath, at destination: FilePath) throws {
    let reader = try FileReader(source)
    let writer = try AtomicFileWriter(destination, byteCount: reader.byteCount, overwrite: true)
    try reader.forEachPart { part, place in try writer.write(part, at: place) }
    try writer.commit()
  }
}

/// Reads a file part by part, in little memory.
struct FileReader: ~Copyable {
  let path: FilePath
  let byteCount: Int
  private let descriptor: FileDescriptor
  private static let partByteCount = 1 << 20

  init(_ path: FilePath) throws(FileError) {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(path, .readOnly)
    } catch {
      throw Self.failure(path, "open", error)
    }
    byteCount = FileSize.byteCount(path) ?? 0
  }

  deinit { try? descriptor.close() }

  func forEachPart(_ body: (UnsafeRawBufferPointer, _ place: Int) throws -> Void) throws {
    var place = 0
    while place < byteCount {
      let end = min(place + Self.partByteCount, byteCount)
      try read(place..<end) { try body($0, place) }
      place = end
    }
  }

  /// - Throws: ``FileError`` with `.shrank` when the file ends before.
  func read(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 16)
    defer { buffer.deallocate() }
    var done = 0
    while done < range.count {
      let count: Int
      do {
        count = try descriptor.read(
          fromAbsoluteOffset: Int64(range.lowerBound + done),
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      } catch {
        throw Self.failure(path, "read", error)
      }
      guard count > 0 else {
        throw FileError(
          path: path,
          reason: .shrank(expected: range.upperBound, found: range.lowerBound + done))
      }
      done += count
    }
    try body(UnsafeRawBufferPointer(buffer))
  }

  private static func failure(
    _ path: FilePath, _ operation: String, _ error: any Error
  ) -> FileError {
    FileError(path: path, reason: .system(operation: operation, error as? Errno ?? .ioError))
  }
}
