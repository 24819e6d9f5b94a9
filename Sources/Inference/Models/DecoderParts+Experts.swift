internal import Kernels

extension DecoderParts {
  /// Reads what the metadata say about experts.
  mutating func readExperts() throws(ModelError) {
    dimensions.experts = try ExpertDimensions(
      parameters, feedForwardWidth: dimensions.feedForwardWidth)
    let byteCount = source.file.files.reduce(0) { $0 + $1.file.byteCount }
    dimensions.experts?.exceedMemory = byteCount > MachineMemory().availableByteCount
  }
}

extension LayerParts {
  /// A router and the experts that it chooses from.
  func mixture(
    _ weighting: MixtureOfExperts.Weighting
  ) throws(ModelError) -> MixtureOfExperts {
    guard let experts = parts.dimensions.experts else {
      throw .missingKey("\(parts.parameters.architecture).expert_count")
    }
    let (width, inner) = (parts.dimensions.width, experts.feedForwardWidth)
    func stack(_ name: String, rows: Int, columns: Int) throws(ModelError) -> LinearStack {
      try parts.source.stack(
        "blk.\(index).\(name)", count: experts.count, rows: rows, columns: columns)
    }
    return MixtureOfExperts(
      layer: index,
      router: try linear("ffn_gate_inp", rows: experts.count, columns: width),
      gate: try stack("ffn_gate_exps", rows: inner, columns: width),
      up: try stack("ffn_up_exps", rows: inner, columns: width),
      down: try stack("ffn_down_exps", rows: width, columns: inner),
      weighting: weighting)
  }

  /// The expert that every token passes.
  func sharedExpert(width inner: Int) throws(ModelError) -> SharedExpert {
    let width = parts.dimensions.width
    return SharedExpert(
      scale: Linear(
        weight: try parts.source.rowMatrix("blk.\(index).ffn_gate_inp_shexp.weight", columns: width)
      ),
      network: GatedFeedForward(
        gate: try linear("ffn_gate_shexp", rows: inner, columns: width),
        up: try linear("ffn_up_shexp", rows: inner, columns: width),
        down: try linear("ffn_down_shexp", rows: width, columns: inner)))
  }
}

extension TensorSource {
  /// `NAME.weight`, a matrix for each expert, with `NAME.bias` where the file has one.
  func stack(
    _ name: String, count: Int, rows: Int, columns: Int
  ) throws(ModelError) -> LinearStack {
    let tensor = try find("\(name).weight", shape: [count, rows, columns])
    guard let bytes = file.bytes(of: tensor).baseAddress,
      let matrix = WeightMatrix(
        type: tensor.type, rows: rows, columns: columns, bytes: bytes, kernels: kernels)
    else { throw .unsupportedType(tensor: tensor.name, tensor.type) }
    let gguf = file.file(of: tensor)
    let place = FileStretch(
      file: gguf.file, bytes: tensor.offset..<tensor.offset + tensor.byteCount)
    return LinearStack(
      first: matrix, bias: try biases("\(name).bias", count: count, rows: rows), place: place)
  }

  private func biases(
    _ name: String, count: Int, rows: Int
  ) throws(ModelError) -> FloatVector? {
    guard has(name) else { return nil }
    let tensor = try find(name, shape: [count, rows])
    guard let decode = kernels.decoder(of: tensor.type), rows % tensor.type.elementsPerBlock == 0
    else { throw .unsupportedType(tensor: name, tensor.type) }
    let bytes = file.bytes(of: tensor).baseAddress
    return FloatVector(count: count * rows) { decode(bytes, $0, count * rows) }
  }

  /// A matrix of one row, which some files keep as a vector.
  func rowMatrix(_ name: String, columns: Int) throws(ModelError) -> WeightMatrix {
    guard let tensor = file.tensor(name), tensor.shape.dimensions == [columns] else {
      return try matrix(name, rows: 1, columns: columns)
    }
    guard let bytes = file.bytes(of: tensor).baseAddress,
      let matrix = WeightMatrix(
        type: tensor.type, rows: 1, columns: columns, bytes: bytes, kernels: kernels)
    else { throw .unsupportedType(tensor: name, tensor.type) }
    return matrix
  }
}
