import GGUF
import TensorCore

extension Inspection {
  /// What looks wrong, a sentence each.
  ///
  /// - Parameter readsAll: Look at every byte for numbers that are not finite; without, at a few places of each
  ///   tensor, so that the largest file answers at once.
  /// - Throws: `FileError` when a file changed meanwhile or could not be read.
  public func warnings(readsAll: Bool = false) throws -> [String] {
    let found =
      tokenizerWarnings() + duplicateEmbedding() + nonFinite(readsAll: readsAll)
      + QuantizedBefore(tensors, bytes).warnings
    try bytes.checkUnchanged()
    return found
  }

  private func tokenizerWarnings() -> [String] {
    guard let tokenizer else { return [] }
    var warnings: [String] = []
    if format == "gguf", tokenizer.model == "gpt2", tokenizer.preTokenizer == nil {
      warnings.append(
        "tokenizer.ggml.pre is missing: readers guess how text is cut into words, and may get other tokens"
      )
    }
    if let count = tokenizer.tokenCount, let rows = tokenEmbedding?.shape.rows, count > rows {
      warnings.append("the tokenizer has \(count) tokens, the embedding only \(rows) rows")
    }
    if format == "gguf", let count = tokenizer.tokenCount {
      for (name, id) in tokenizer.specialTokens.sorted(by: { $0.key < $1.key }) where id >= count {
        warnings.append("the token for \(name.printable) is \(id), of \(count) tokens")
      }
    }
    return warnings
  }

  /// A row for each token; models that learn their positions have a second embedding.
  private var tokenEmbedding: Tensor? {
    tensors.first { tensor in
      ["token_embd.weight", "embed_tokens.weight", "wte.weight"].contains {
        tensor.name.hasSuffix($0)
      }
    }
  }

  /// An output matrix that is the token embedding once more, and could be left out.
  private func duplicateEmbedding() -> [String] {
    guard let output = tensors.first(where: { InspectedRole($0.name) == .output }),
      let embedding = tokenEmbedding, output.type == embedding.type, output.shape == embedding.shape
    else { return [] }
    let isSame = TensorBytes.spots(of: output, count: 128, byteCount: 16 << 10).allSatisfy { spot in
      bytes.withBytes(of: output, in: spot) { left in
        bytes.withBytes(of: embedding, in: spot) { left.elementsEqual($0) } ?? false
      } ?? false
    }
    guard isSame else { return [] }
    return [
      "\(output.name) holds the same bytes as \(embedding.name): a tied model could do without its "
        + "\(output.byteCount) bytes"
    ]
  }

  private func nonFinite(readsAll: Bool) -> [String] {
    var found: [(name: String, block: Int)] = []
    for tensor in tensors {
      let spots =
        readsAll
        ? TensorBytes.pieces(of: tensor)
        : TensorBytes.spots(of: tensor, count: 4, byteCount: 16 << 10)
      for spot in spots {
        let block = bytes.withBytes(of: tensor, in: spot) {
          tensor.type.firstNonFiniteBlock(in: $0)
        }
        guard let block = block ?? nil else { continue }
        found.append((tensor.name, spot.lowerBound / tensor.type.bytesPerBlock + block))
        break
      }
    }
    guard let first = found.first else { return [] }
    let more = found.count > 1 ? " and \(found.count - 1) more" : ""
    let type = tensors.first { $0.name == first.name }?.type
    let what = type?.isQuantized == true ? "the scale of block" : "the value"
    return [
      "\(first.name.printable)\(more): \(what) \(first.block) is infinite or not a number"
    ]
  }
}

extension TensorBytes {
  /// All of a tensor, in pieces of whole blocks.
  static func pieces(of tensor: Inspection.Tensor) -> [Range<Int>] {
    let block = tensor.type.bytesPerBlock
    let length = max(block, (8 << 20) / block * block)
    return stride(from: 0, to: tensor.byteCount, by: length).map {
      $0..<min($0 + length, tensor.byteCount)
    }
  }
}
