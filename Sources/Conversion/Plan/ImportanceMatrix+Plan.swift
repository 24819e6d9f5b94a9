import Checkpoints
import GGUF
import TensorCore

extension ImportanceMatrix {
  /// The weights of one tensor, when it is to be quantized and the matrix knows it.
  ///
  /// - Throws: ``ImportanceMatrixError`` when the entry is of another shape: it was measured on another
  ///   model. Only the token embedding may differ, as llama.cpp has it.
  func weights(
    of tensor: CheckpointTensor, changing source: TensorType, to type: TensorType
  ) throws -> [Float]? {
    guard type.isQuantized, type != source, let entry = entries[tensor.name] else { return nil }
    let padding = tensor.source.padding
    let stored = padding?.storedShape ?? tensor.shape
    let expected = stored.columns * stored.matrixCount
    guard entry.values.count == expected else {
      // One that was measured on the padded model.
      if entry.values.count == tensor.shape.columns * tensor.shape.matrixCount {
        return entry.values
      }
      if TensorRole(of: tensor.name) == .tokenEmbedding { return nil }
      throw ImportanceMatrixError(
        .mismatch(expected: expected, found: entry.values.count), path: path, entry: tensor.name)
    }
    return padding?.spread(entry.values) ?? entry.values
  }

  /// What the reader should know: tensors that the matrix could help with and does not know.
  ///
  /// Calibration does not see the token embedding, and the output matrix only when asked.
  ///
  /// - Parameter names: Tensors to be quantized to types that take weights.
  /// - Throws: ``ImportanceMatrixError`` with `.otherModel` when it knows none of them.
  func warnings(forQuantizing names: [String]) throws(ImportanceMatrixError) -> [String] {
    let wanted = names.filter {
      let role = TensorRole(of: $0)
      return role != .tokenEmbedding && role != .output
    }
    let missing = wanted.filter { entries[$0] == nil }
    guard let first = missing.first else { return [] }
    guard missing.count < wanted.count else {
      throw ImportanceMatrixError(
        .otherModel(entries: entries.count, example: first), path: path)
    }
    let which =
      missing.count == 1 ? first.printable : "\(missing.count) tensors (\(first.printable), …)"
    return ["\(which): not in the importance matrix, quantized without weights"]
  }

  /// What the result says about the matrix, under llama.cpp's keys and limits.
  func describe(in metadata: inout GGUFMetadata) {
    // llama.cpp keeps values of 127 bytes.
    func cut(_ text: String) -> GGUFValue {
      let bytes = Array(text.utf8.prefix(127))
      return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .malformedString(bytes)
    }
    // Those of an earlier quantization move to the end with the others.
    for (key, _) in metadata.entries where key.hasPrefix("quantize.imatrix.") {
      metadata[key] = nil
    }
    metadata["quantize.imatrix.file"] = cut(path.string)
    if let dataset = datasets.first { metadata["quantize.imatrix.dataset"] = cut(dataset) }
    metadata["quantize.imatrix.entries_count"] = .uint32(UInt32(clamping: entries.count))
    if chunkCount > 0 {
      metadata["quantize.imatrix.chunks_count"] = .uint32(UInt32(clamping: chunkCount))
    }
  }
}

extension ZeroPadding {
  /// Weights of stored columns, matrix by matrix, with 0 for each column of zeros: what the padded model
  /// would have measured, as nothing but zeros meets those columns.
  fileprivate func spread(_ weights: [Float]) -> [Float] {
    let zeros = [Float](repeating: 0, count: shape.columns - storedShape.columns)
    guard !zeros.isEmpty else { return weights }
    return stride(from: 0, to: weights.count, by: storedShape.columns).flatMap { first in
      weights[first..<first + storedShape.columns] + zeros
    }
  }
}

extension Shape {
  /// Matrices that a tensor of experts stacks; 1 for a plain matrix.
  var matrixCount: Int {
    dimensions.count > 2 ? dimensions[dimensions.count - 3] : 1
  }
}
