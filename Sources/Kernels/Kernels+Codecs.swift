package import CKernels
package import TensorCore

extension Kernels {
  /// The function that decodes whole blocks of `type`, if there is one.
  package func decoder(of type: TensorType) -> quern_decode_fn? {
    type.ggmlID.flatMap { quern_decoder(table, $0) }
  }

  /// The function that encodes whole rows to blocks of `type`, if there is one.
  package func encoder(of type: TensorType) -> quern_encode_fn? {
    type.ggmlID.flatMap { quern_encoder(table, $0) }
  }

  /// The largest magnitude of all values, 0 where there are none. A NaN is larger than infinity.
  package func largestMagnitude(_ values: UnsafeBufferPointer<Float>) -> Float {
    table.pointee.largest_magnitude(values.baseAddress, values.count)
  }
}
