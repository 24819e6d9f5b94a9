/// How many parameters a model has, and how many of them a mixture has for each of its experts.
///
/// - Source: `get_total_parameter_count` in gguf-py's gguf_writer.py and `size_label` in its utility.py.
struct ParameterCount {
  private(set) var total = 0
  private var shared = 0
  /// Of one expert.
  private var expert = 0
  private var expertCounts: [Int] = []

  init(_ tensors: [CheckpointTensor]) {
    for tensor in tensors {
      let size = tensor.shape.elementCount
      let extents = tensor.shape.dimensions
      total += size
      if tensor.name.contains("_exps."), extents.count == 3, extents[0] > 0 {
        expert += size / extents[0]
        expertCounts.append(extents[0])
      } else {
        shared += size
      }
    }
  }

  /// `135M`; `8x7B` for a mixture.
  var label: String {
    guard !expertCounts.isEmpty else { return sizeLabel(ofParameters: total) }
    let count = expertCounts.reduce(0, +) / expertCounts.count
    return "\(count)x" + sizeLabel(ofParameters: shared + expert)
  }
}
