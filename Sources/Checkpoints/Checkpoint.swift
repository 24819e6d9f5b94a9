public import GGUF
public import MappedFiles
public import SystemPackage
public import TensorCore

/// A model in GGUF's terms, wherever its bytes lie: what a conversion reads.
///
/// Metadata keys and tensor names are GGUF's; each tensor says how its rows are found in its source.
/// Nothing but headers has been read, and the order of columns where a quantized weight has one.
public struct Checkpoint: Sendable {
  public enum Origin: Sendable, Hashable { case gguf, huggingFace }

  /// Where it was read from, which decides the order and the plain types of a copy.
  public var origin: Origin
  /// `llama`, `qwen2`: the value of `general.architecture`; empty for a GGUF without it.
  public var architecture: String
  /// As a GGUF of this model carries it, the tokenizer included.
  public var metadata: GGUFMetadata
  /// In the order of the source.
  public var tensors: [CheckpointTensor]
  /// What the reader should know: things in the source that have no place here.
  public var warnings: [String]
  /// The files of a GGUF: a part of a set may hold no tensor.
  public var files: [FilePath] = []

  public init(
    origin: Origin, architecture: String, metadata: GGUFMetadata, tensors: [CheckpointTensor],
    warnings: [String] = []
  ) {
    self.origin = origin
    self.warnings = warnings
    self.architecture = architecture
    self.metadata = metadata
    self.tensors = tensors
  }
}

/// One tensor and where its rows come from.
public struct CheckpointTensor: Sendable {
  /// GGUF's name.
  public var name: String
  /// Type of the source's bytes.
  public var type: TensorType
  public var shape: Shape
  public var source: TensorSource

  public init(name: String, type: TensorType, shape: Shape, source: TensorSource) {
    self.name = name
    self.type = type
    self.shape = shape
    self.source = source
  }
}

/// The bytes of a tensor.
public struct TensorSource: Sendable {
  public enum Content: Sendable {
    /// Rows one after another in a mapped file, from this byte on.
    case file(MappedFile, offset: Int)
    /// Matrices that lie apart, each of as many bytes, one after another: the experts of a layer.
    case parts([FilePart])
    /// Values made up by the converter, such as rotary factors.
    case values([Float])
    /// Rows of a weight that is unpacked on the way.
    case quantized(any QuantizedWeight)
    /// Tensors of one shape whose columns stand in turn in each row: `a0 b0 a1 b1 …`.
    case inTurn([TensorSource.Content])
  }

  public var content: Content
  public var rowOrder: RowOrder
  /// Of the numbers in a file.
  public var byteOrder = ByteOrder.little
  /// The zeros that stand around the stored rows, once they are in order.
  public var padding: ZeroPadding?
  /// What is added to every stored value, in single precision.
  public var shift: Float
  /// Whether what is stored has columns where the result has rows, matrix by matrix.
  public var isTransposed: Bool
  /// Which of the stored columns are meant, before anything is transposed; `nil` for all.
  public var turn: Turn?

  /// Whether rows are put together from elements that lie apart.
  public var isScattered: Bool {
    if case .inTurn = content { return true }
    return isTransposed || turn != nil
  }

  /// Whether rows are unpacked from other tensors.
  public var isQuantized: Bool { if case .quantized = content { true } else { false } }

  /// The files that its bytes lie in, each once.
  public var files: [MappedFile] {
    content.allFiles.reduce(into: []) { files, file in
      if !files.contains(where: { $0 === file }) { files.append(file) }
    }
  }

  public init(
    _ content: Content, rowOrder: RowOrder = .asStored, byteOrder: ByteOrder = .little,
    shift: Float = 0, isTransposed: Bool = false, turn: Turn? = nil
  ) {
    self.content = content
    self.rowOrder = rowOrder
    self.byteOrder = byteOrder
    self.shift = shift
    self.isTransposed = isTransposed
    self.turn = turn
  }

  /// The stored row that becomes row `row` of `rows`; `nil` for a row of zeros.
  public func storedRow(of row: Int, rows: Int) -> Int? {
    guard let padding else { return rowOrder.storedRow(of: row, rows: rows) }
    return padding.storedRow(of: row).map {
      rowOrder.storedRow(of: $0, rows: padding.storedShape.rows)
    }
  }
}

/// A place in a mapped file.
public struct FilePart: Sendable {
  public let file: MappedFile
  public let offset: Int

  public init(_ file: MappedFile, offset: Int) {
    self.file = file
    self.offset = offset
  }
}

extension TensorSource.Content {
  /// The places in files that plain rows lie at; none for values that were made up or are unpacked.
  public var fileParts: [FilePart] {
    switch self {
    case .file(let file, let offset): [FilePart(file, offset: offset)]
    case .parts(let parts): parts
    case .values, .quantized, .inTurn: []
    }
  }

  fileprivate var allFiles: [MappedFile] {
    switch self {
    case .file, .parts, .values: fileParts.map(\.file)
    case .quantized(let weight): weight.files
    case .inTurn(let contents): contents.flatMap(\.allFiles)
    }
  }

  /// One of `count` matrices of equal size; `nil` where they cannot be had one by one.
  func matrix(_ number: Int, of count: Int, byteCount: Int) -> Self? {
    switch self {
    case .file(let file, let offset): .file(file, offset: offset + number * byteCount)
    case .parts(let parts): .file(parts[number].file, offset: parts[number].offset)
    case .values(let values):
      .values(Array(values[values.count / count * number..<values.count / count * (number + 1)]))
    case .quantized(let weight):
      (weight as? StackedWeight).map { .quantized($0.matrices[number]) }
    case .inTurn: nil
    }
  }
}

/// One of several that take turns: rows or columns `place`, `place + count`, `place + 2 * count`, …
public struct Turn: Sendable, Hashable {
  public let place: Int
  public let count: Int

  public init(_ place: Int, of count: Int) {
    self.place = place
    self.count = count
  }

  /// Where the element of this number stands among those of all.
  public func index(of number: Int) -> Int { number * count + place }
}

/// Which stored row becomes which row of the result.
///
/// Hugging Face keeps the two halves of a rotary head one after the other; GGUF's `llama` architecture
/// keeps each pair of turned values together.
public enum RowOrder: Sendable, Hashable {
  case asStored
  /// From halves to pairs, within each of `heads` groups of rows: Hugging Face to GGUF.
  case pairs(heads: Int)
  /// From pairs to halves: GGUF to Hugging Face.
  case halves(heads: Int)

  /// The stored row that becomes row `row` of `rows`.
  public func storedRow(of row: Int, rows: Int) -> Int {
    switch self {
    case .asStored:
      return row
    case .pairs(let heads):
      let perHead = rows / heads
      let (head, place) = row.quotientAndRemainder(dividingBy: perHead)
      return head * perHead + place % 2 * (perHead / 2) + place / 2
    case .halves(let heads):
      let perHead = rows / heads
      let (head, place) = row.quotientAndRemainder(dividingBy: perHead)
      return head * perHead + place % (perHead / 2) * 2 + place / (perHead / 2)
    }
  }
}
