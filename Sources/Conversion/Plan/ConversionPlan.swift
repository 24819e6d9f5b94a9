import Checkpoints
import Integrity
public import MappedFiles
public import SystemPackage
public import TensorCore

/// Everything a conversion will write, known from headers alone: what `--dry-run` prints.
public struct ConversionPlan: Sendable {
  public let source: FilePath
  /// The file or folder; for a set, `NAME.gguf`, from which its parts have their names.
  public let destination: FilePath
  public let form: StagedOutput.Form
  /// The files to write; a single one unless the destination is a folder or a set.
  public let files: [PlannedFile]
  /// What the reader should know: types that did not fit, data that is left out.
  public let warnings: [String]
  /// Why the plan can be looked at but not carried out: an importance matrix is missing.
  public internal(set) var refusal: ConversionError?
  public let options: ConversionOptions
  /// What `--pad-rows` does; `nil` when it was not asked for.
  public internal(set) var padding: RowPadding?

  /// What opens the result: the first part of a set.
  public var result: FilePath { form == .folder ? destination : paths.first ?? destination }

  /// Where each file will be.
  public var paths: [FilePath] {
    switch form {
    case .file: [destination]
    case .folder: files.map { destination.appending($0.name) }
    case .set(let names): names.map { destination.removingLastComponent().appending($0) }
    }
  }

  public var tensors: [PlannedTensor] { files.flatMap(\.tensors) }

  /// Bytes of all files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// Bits of tensor data for each element.
  public var bitsPerWeight: Double {
    let elements = tensors.reduce(0) { $0 + $1.shape.elementCount }
    let bytes = tensors.reduce(0) { $0 + $1.byteCount }
    return elements == 0 ? 0 : Double(bytes) * 8 / Double(elements)
  }
}

/// One file: a header, then tensors at their offsets.
public struct PlannedFile: Sendable {
  /// Name inside the destination folder or of the part; empty when the destination is the file.
  public let name: String
  /// The first bytes; all of them for a text file. Of a sealed file, zeros stand where digests will.
  public let header: [UInt8]
  public let tensors: [PlannedTensor]
  public let byteCount: Int
  /// What digests are taken of while the file is written; `nil` where its header is whole.
  var chunks: ChunkMap?
}

/// One tensor of the result and where it comes from.
public struct PlannedTensor: Sendable {
  public let name: String
  public let sourceType: TensorType
  public let type: TensorType
  /// Outermost first.
  public let shape: Shape
  /// Bytes from the start of its file.
  public let offset: Int
  public let byteCount: Int
  let source: TensorSource
  /// Of the numbers in the result.
  var byteOrder = ByteOrder.little
  /// As the source has it: smaller than `shape` where rows are padded.
  public var sourceShape: Shape { source.padding?.storedShape ?? shape }
  /// What the columns weigh, matrix by matrix: a whole number of times `shape.columns` values.
  var importance: [Float]?

  /// Rows as they are moved: each element by itself in a vector whose order changes, pieces of rows that are
  /// very long.
  var rowCount: Int { columnCount == 0 ? shape.rows : shape.elementCount / columnCount }
  /// Elements of such a row.
  var columnCount: Int {
    if isTurnedVector { return 1 }
    // safetensors packs what is narrower than a byte over the whole tensor, whatever its rows are.
    if type.elementsPerBlock > 1, !type.isQuantized {
      return min(shape.elementCount & -shape.elementCount, Self.longestRow)
    }
    guard shape.columns > Self.longestRow, !needsWholeRows else { return shape.columns }
    // The largest power of two that divides the row: blocks are powers of two too.
    return min(shape.columns & -shape.columns, Self.longestRow)
  }

  /// Elements that a worker decodes at a time.
  static let longestRow = 64 << 10

  /// Whether a row means more than its blocks do: weights of columns are spread over it, it moves, it grows.
  private var needsWholeRows: Bool {
    importance != nil || source.padding != nil || source.rowOrder != .asStored
      || source.isScattered || source.isQuantized
  }

  private var isTurnedVector: Bool {
    shape.dimensions.count == 1 && source.rowOrder != .asStored
  }
}
