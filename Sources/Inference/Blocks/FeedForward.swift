internal import CKernels
internal import Kernels

/// What a layer does to each token by itself.
protocol FeedForward: Sendable {
  /// The forms in which it reads its rows.
  var inputForms: ActivationForms { get }

  /// Takes the packed rows of a pass to `projected`.
  func run(_ pass: Pass)
}

extension Pass {
  /// One feed-forward network, from the residual stream to `projected`.
  ///
  /// - Parameters:
  ///   - norm: Through which it reads the residual stream.
  ///   - addition: What the residual stream lacks before.
  func feedForward(_ network: some FeedForward, after norm: Norm?, adding addition: Addition) {
    normalize(adding: addition, norm, packing: network.inputForms)
    network.run(self)
  }
}

/// `down(activation(gate(x)) * up(x))`
struct GatedFeedForward: FeedForward {
  enum Activation: Sendable {
    case silu
    /// With the approximation by a hyperbolic tangent.
    case gelu
    /// `x * sigmoid(1.702 * x) * (y + 1)`, where `x` is the gate and `y` the up projection, bounded by 7.
    case clampedSwish
  }

  var gate, up, down: Linear
  var activation = Activation.silu

  var inputForms: ActivationForms { ActivationForms(gate, up) }

  func run(_ pass: Pass) {
    let workspace = pass.workspace
    let width = down.weight.columns
    pass.multiply(
      (gate, workspace.gate.pointer, width), (up, workspace.up.pointer, width))
    pass.gateAndPack(activation, columns: width, for: ActivationForms(down))
    pass.multiply((down, workspace.projected.pointer, pass.dimensions.width))
  }
}

extension GatedFeedForward.Activation {
  /// `gate = activation(gate) * up`, of one row.
  func gate(
    _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, count: Int,
    _ products: UnsafePointer<quern_product_table>
  ) {
    switch self {
    case .silu: products.pointee.silu_multiply(gate, up, count)
    case .gelu: products.pointee.gelu_multiply(gate, up, count)
    case .clampedSwish: products.pointee.clamped_swish_multiply(gate, up, count)
    }
  }
}
