/// Decides which tokens may come next, before one is sampled.
public protocol TokenConstraint: AnyObject {
  /// Forgets the text so far.
  func restart()
  /// Sets the logits of tokens that may not come next to negative infinity.
  ///
  /// - Returns: Whether a token is left; if none is, the text is complete.
  func forbid(in logits: UnsafeMutableBufferPointer<Float>) throws -> Bool
  /// Notes a token that is part of the text now.
  func accept(_ token: Int32) throws
}
