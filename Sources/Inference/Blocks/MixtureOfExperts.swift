internal import CKernels
internal import Kernels
import MappedFiles

/// Matrices of one shape, one for each expert, that lie one after another in a tensor.
struct LinearStack: Sendable {
  /// The matrix of expert 0.
  let first: WeightMatrix
  /// What is added to the products: `rows` values for each expert.
  var bias: FloatVector?
  /// Where they lie.
  let place: FileStretch

  /// Has the pages of one matrix read.
  func readAhead(_ expert: Int) {
    let count = first.rows * first.rowByteCount
    let start = place.bytes.lowerBound + expert * count
    place.file.advise(.willNeed, start..<start + count)
  }

  var form: ActivationForms {
    first.activation == QUERN_ACTIVATION_INT8 ? .int8 : .float
  }

  /// Rows up to which a product each is faster than unpacking the matrix once for all: what unpacking takes,
  /// measured, is four products and more of a row, but for blocks of MXFP4.
  var rowsApart: Int { form == .int8 && first.type != .mxfp4 ? 4 : 1 }
}

/// An expert that every token passes.
struct SharedExpert: Sendable {
  /// One row: the sigmoid of its product is what the expert's output is multiplied with.
  let scale: Linear
  let network: GatedFeedForward
}

/// Feed-forward networks of which each token passes the few that a router chooses for it.
///
/// For one token only the chosen experts' weights are read. Tokens of a batch are grouped by expert, so
/// that each weight is read once for all of an expert's tokens, and unpacked once unless they are few.
///
/// - Source: arXiv 2101.03961; arXiv 2401.04088.
struct MixtureOfExperts: FeedForward {
  /// What the outputs of the chosen experts are multiplied with.
  enum Weighting: Sendable {
    /// A softmax over the scores of the chosen ones.
    case chosen
    /// Their part of a softmax over the scores of all.
    case all
  }

  /// The number of its layer.
  let layer: Int
  let router: Linear
  var gate, up, down: LinearStack
  let weighting: Weighting
  var activation = GatedFeedForward.Activation.silu
  var shared: SharedExpert?

  var inputForms: ActivationForms {
    let forms = ActivationForms(router).union(gate.form).union(up.form)
    guard let shared else { return forms }
    return forms.union(shared.network.inputForms).union(ActivationForms(shared.scale))
  }

  func run(_ pass: Pass) {
    guard let experts = pass.workspace.experts else {
      preconditionFailure("a workspace for a dense model")
    }
    pass.multiply(
      (router, experts.scores.pointer, router.weight.rows),
      shared.map { ($0.scale, experts.sharedScales.pointer, 1) })
    pass.chooseExperts(experts, weighting)
    experts.group(
      tokenCount: pass.tokenCount, apart: min(gate.rowsApart, up.rowsApart, down.rowsApart))
    experts.readAhead(of: self)
    // One token's row is packed already.
    let isPacked = pass.tokenCount == 1
    if !isPacked { pass.packExpertInputs(experts, for: gate.form.union(up.form)) }
    pass.multiply(experts, gate, into: experts.gate, and: up, into: experts.up, shared: isPacked)
    pass.gateAndPackExperts(experts, activation, for: down.form)
    pass.multiply(experts, down, into: experts.rows)
    shared?.network.run(pass)
    pass.mixExperts(experts, hasShared: shared != nil)
  }
}
