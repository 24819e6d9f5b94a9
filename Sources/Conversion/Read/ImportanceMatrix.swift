import GGUF
import MappedFiles
public import SystemPackage
import TensorCore

/// How much an error in each column of each matrix weighs: the mean square of the activations that met
/// the column, as `llama-imatrix` measures it.
public struct ImportanceMatrix: Sendable {
  /// The weights of one tensor.
  public struct Entry: Sendable, Hashable {
    /// One weight a column, expert by expert.
    public let values: [Float]
    /// Matrices that the tensor stacks; 1 unless it holds experts.
    public let matrixCount: Int
  }

  public let path: FilePath
  /// By GGUF's names of tensors.
  public let entries: [String: Entry]
  /// Texts that it was measured on, as far as the file says.
  public let datasets: [String]
  /// Stretches of text that it was measured on.
  public let chunkCount: Int

  /// Reads a GGUF of type `imatrix` or the older `.dat` form.
  ///
  /// - Throws: ``ImportanceMatrixError`` with the entry that is wrong, or the container's error.
  public init(_ path: FilePath) throws {
    self.path = path
    if try FileKind(of: path) == .gguf {
      let file = try GGUFFile(path)
      entries = try file.file.withUnchangedBytes { _ in try Self.entries(of: file) }
      datasets = file.metadata.strings("imatrix.datasets") ?? []
      chunkCount = file.metadata.integer("imatrix.chunk_count") ?? 0
    } else {
      var reader = try LegacyReader(path)
      (entries, datasets, chunkCount) = try reader.read()
    }
    guard !entries.isEmpty else { throw ImportanceMatrixError(.empty, path: path) }
  }

  /// Sums of squares and how often each expert was asked, as `NAME.in_sum2` and `NAME.counts`.
  private static func entries(of file: GGUFFile) throws -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for tensor in file.tensors where tensor.name.hasSuffix(".in_sum2") {
      let name = String(tensor.name.dropLast(".in_sum2".count))
      func failure(_ reason: ImportanceMatrixError.Reason) -> ImportanceMatrixError {
        ImportanceMatrixError(reason, path: file.file.path, entry: name)
      }
      guard let countTensor = file.tensor(name + ".counts") else { throw failure(.noCounts) }
      guard tensor.type == .f32, countTensor.type == .f32 else {
        throw failure(.notSinglePrecision)
      }
      let sums = floats(file.bytes(of: tensor), file.byteOrder)
      let counts = floats(file.bytes(of: countTensor), file.byteOrder)
      guard !counts.isEmpty, !sums.isEmpty, sums.count % counts.count == 0 else {
        throw failure(.uneven(values: sums.count, matrices: counts.count))
      }
      let columns = sums.count / counts.count
      let values = sums.indices.map { index -> Float in
        let count = counts[index / columns]
        // An expert that was never asked weighs all its columns the same.
        return count > 0 ? sums[index] / count : 1
      }
      try check(values, failure)
      entries[name] = Entry(values: values, matrixCount: counts.count)
    }
    return entries
  }

  fileprivate static func check(
    _ values: [Float], _ failure: (ImportanceMatrixError.Reason) -> ImportanceMatrixError
  ) throws {
    if let index = values.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
      throw failure(.badValue(values[index], index: index))
    }
  }

  private static func floats(
    _ bytes: UnsafeRawBufferPointer, _ byteOrder: ByteOrder
  ) -> [Float] {
    stride(from: 0, to: bytes.count - 3, by: 4).map { offset in
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      return Float(bitPattern: byteOrder.ordered(word))
    }
  }
}

/// The form before GGUF: a count of entries, then name, calls and values of each; last, when they are
/// there, the number of chunks and the text's name. All numbers are 32 bits wide, little-endian.
///
/// - Source: `common_imatrix_load_legacy` in llama.cpp's common/imatrix-loader.cpp.
private struct LegacyReader {
  private let bytes: [UInt8]
  private let path: FilePath
  private var offset = 0

  init(_ path: FilePath) throws {
    self.path = path
    bytes = try MappedFile.contents(of: path)
  }

  mutating func read() throws -> ([String: ImportanceMatrix.Entry], [String], Int) {
    let count = try integer()
    // The least that an entry takes: an empty name, calls, a count and a value.
    guard count >= 1, count <= (bytes.count - offset) / 16 else { throw failure(.notAMatrix) }
    var entries: [String: ImportanceMatrix.Entry] = [:]
    for _ in 0..<count {
      let name = try string()
      let calls = try integer()
      let valueCount = try integer()
      guard valueCount >= 1, valueCount <= (bytes.count - offset) / 4 else {
        throw failure(.truncated, entry: name)
      }
      var values: [Float] = []
      values.reserveCapacity(valueCount)
      for _ in 0..<valueCount {
        let sum = Float(bitPattern: UInt32(bitPattern: try word()))
        values.append(calls > 0 ? sum / Float(calls) : sum)
      }
      try ImportanceMatrix.check(values) { failure($0, entry: name) }
      entries[name] = ImportanceMatrix.Entry(values: values, matrixCount: 1)
    }
    guard offset < bytes.count else { return (entries, [], 0) }
    let chunks = try integer()
    return (entries, offset < bytes.count ? [try string()] : [], chunks)
  }

  private func failure(
    _ reason: ImportanceMatrixError.Reason, entry: String? = nil
  ) -> ImportanceMatrixError {
    ImportanceMatrixError(reason, path: path, entry: entry, byteOffset: offset)
  }

  private mutating func word() throws -> Int32 {
    guard bytes.count - offset >= 4 else { throw failure(.truncated) }
    defer { offset += 4 }
    return bytes.withUnsafeBytes {
      Int32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }
  }

  private mutating func integer() throws -> Int { Int(try word()) }

  private mutating func string() throws -> String {
    let count = try integer()
    guard count >= 0, count <= bytes.count - offset else { throw failure(.truncated) }
    defer { offset += count }
    return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
  }
}
