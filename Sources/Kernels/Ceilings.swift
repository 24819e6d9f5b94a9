package import CKernels
public import TensorCore

/// The arithmetic that a product with some type of weights consists of.
public enum Arithmetic: Sendable, Hashable {
  /// Multiply-adds of signed bytes.
  case int8
  /// Multiply-adds in single precision.
  case float
}

extension Kernels {
  /// The arithmetic of products with weights of `type`; `nil` when there are none.
  public func arithmetic(of type: TensorType) -> Arithmetic? {
    guard let id = type.ggmlID, decoder(of: type) != nil else { return nil }
    return quern_product_activation(products, id) == QUERN_ACTIVATION_INT8 ? .int8 : .float
  }

  /// The loops that measure what this level can reach at most.
  package var ceilings: quern_ceiling_table { table.pointee.ceilings }
}
