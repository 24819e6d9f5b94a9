public import MappedFiles
public import TensorCore

/// A weight that a checkpoint keeps quantized, in one tensor or several: whoever wants rows of it gets
/// them unpacked.
public protocol QuantizedWeight: Sendable {
  /// What rows are unpacked to: F32, or blocks of a GGUF that hold exactly the same.
  var type: TensorType { get }
  /// Of the weight, whatever the shapes of its parts.
  var shape: Shape { get }
  /// The tensors that it is made of.
  var parts: [WeightPart] { get }
  /// What decides the values beside the bytes of the parts: `gptq, 4 bits, zeros from 1`.
  var coding: String { get }

  /// Unpacks rows into exactly their bytes in ``type``.
  ///
  /// Never traps: parts that changed since they were opened give values without meaning, which
  /// `MappedFile.checkUnchanged()` tells.
  ///
  /// - Complexity: O(elements of `rows`). Safe to call from several threads on disjoint outputs.
  func unpack(_ rows: Range<Int>, into output: UnsafeMutableRawBufferPointer)

  /// Tells the kernel how the pages of `rows` will be used.
  func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>)
}

extension QuantizedWeight {
  /// The files of the parts, each once.
  public var files: [MappedFile] {
    parts.reduce(into: []) { files, part in
      if !files.contains(where: { $0 === part.file }) { files.append(part.file) }
    }
  }

  /// What names these values among all that could stand in their place.
  public var identity: String {
    coding + " \(shape)"
      + parts.map { " \($0.file.path) \($0.file.version) \($0.offset) \($0.type) \($0.shape)" }
      .joined()
  }

  /// Pages of parts in which rows are mixed are kept until the last row is done with.
  public func advise(_ advice: MappedFile.Advice, _ rows: Range<Int>) {
    for part in parts {
      if let size = part.rowByteCount {
        part.file.advise(
          advice, part.offset + rows.lowerBound * size..<part.offset + rows.upperBound * size)
      } else if advice != .dontNeed || rows.upperBound == shape.rows {
        part.file.advise(advice, part.offset..<part.offset + part.byteCount)
      }
    }
  }
}
