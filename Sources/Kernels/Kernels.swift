package import CKernels

/// The kernels of one level: the Swift face of the table that CKernels fills.
public struct Kernels: Sendable {
  public let level: KernelLevel
  // Points at a table that is filled once and lives as long as the process.
  package nonisolated(unsafe) let table: UnsafePointer<quern_kernel_table>

  /// The kernels of `level`, or `nil` when this machine cannot run it.
  public init?(_ level: KernelLevel) {
    guard let table = quern_kernels(level.cLevel) else { return nil }
    self.level = level
    self.table = table
  }

  /// The kernels of ``KernelLevel/active``.
  public static let active = Kernels(KernelLevel.active)!  // `active` is one of `available`
}
