package import CKernels
package import TensorCore

/// A matrix of weights as it lies in a file, `rows` rows of whole blocks without gaps.
///
/// It does not own the bytes: whoever mapped the file keeps it mapped.
package struct WeightMatrix: Sendable {
  package let type: TensorType
  package let rows: Int
  package let columns: Int
  package let rowByteCount: Int
  /// The form in which activations must be packed for this type.
  package let activation: quern_activation
  package nonisolated(unsafe) let bytes: UnsafeRawPointer

  private let wireID: UInt32
  private let decode: quern_decode_fn?

  /// - Returns: `nil` when no kernel multiplies or decodes `type`, or a row is not whole blocks.
  package init?(
    type: TensorType, rows: Int, columns: Int, bytes: UnsafeRawPointer, kernels: Kernels
  ) {
    guard let wireID = type.ggmlID, columns % type.elementsPerBlock == 0 else { return nil }
    let activation = quern_product_activation(kernels.products, wireID)
    let decode = kernels.decoder(of: type)
    // Types without a product of their own are decoded on the way.
    guard activation == QUERN_ACTIVATION_INT8 || decode != nil else { return nil }
    self.type = type
    self.rows = rows
    self.columns = columns
    self.bytes = bytes
    self.wireID = wireID
    self.activation = activation
    self.decode = decode
    rowByteCount = columns / type.elementsPerBlock * type.bytesPerBlock
  }

  /// Some of its rows, where they lie.
  package func part(_ rows: Range<Int>, kernels: Kernels) -> WeightMatrix? {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= self.rows)
    return WeightMatrix(
      type: type, rows: rows.count, columns: columns,
      bytes: bytes + rows.lowerBound * rowByteCount, kernels: kernels)
  }

  /// The function that multiplies this matrix with `tokenCount` packed rows.
  package func product(tokenCount: Int, kernels: Kernels) -> quern_product_fn {
    // Every entry of the table is filled: `init` has seen that this type has a product or a decoder.
    quern_product(kernels.products, wireID, tokenCount)!
  }

  /// What that function needs to know.
  package func job(
    activations: UnsafeRawPointer, tokenCount: Int, bias: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) -> quern_product_job {
    quern_product_job(
      weights: bytes, row_bytes: rowByteCount, columns: columns, activations: activations,
      tokens: tokenCount, bias: bias, output: output, output_stride: outputStride, decode: decode,
      block_elements: type.elementsPerBlock, block_bytes: type.bytesPerBlock)
  }

  /// Decodes one row to single precision.
  package func decodeRow(_ row: Int, into output: UnsafeMutablePointer<Float>) {
    precondition(row >= 0 && row < rows)
    guard let decode else { preconditionFailure("\(type) rows are not decoded") }
    decode(bytes + row * rowByteCount, output, columns)
  }

  package var canDecode: Bool { decode != nil }
}

extension Kernels {
  /// The arithmetic of inference at this level.
  package var products: UnsafePointer<quern_product_table> {
    UnsafeRawPointer(table).advanced(by: MemoryLayout<quern_kernel_table>.offset(of: \.products)!)
      .assumingMemoryBound(to: quern_product_table.self)
  }
}
