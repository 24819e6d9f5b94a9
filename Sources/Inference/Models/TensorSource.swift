internal import GGUF
internal import Kernels
internal import TensorCore

/// Finds a model's tensors in its files and checks each one's shape and type.
struct TensorSource {
  let file: GGUFSet
  let kernels: Kernels

  func has(_ name: String) -> Bool { file.tensor(name) != nil }

  private func find(_ name: String, shape: [Int]) throws(ModelError) -> GGUFTensor {
    guard let tensor = file.tensor(name) else { throw .missingTensor(name) }
    guard tensor.shape.dimensions == shape else {
      throw .wrongShape(tensor: name, found: tensor.shape, expected: shape)
    }
    return tensor
  }

  /// The matrix `name`, used where it lies in the mapping.
  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> WeightMatrix {
    let tensor = try find(name, shape: [rows, columns])
    // A checked shape of at least one element has bytes, so the address exists.
    guard let bytes = file.bytes(of: tensor).baseAddress,
      let matrix = WeightMatrix(
        type: tensor.type, rows: rows, columns: columns, bytes: bytes, kernels: kernels)
    else { throw .unsupportedType(tensor: name, tensor.type) }
    return matrix
  }

  /// A matrix whose rows are looked up.
  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> WeightMatrix {
    let matrix = try matrix(name, rows: rows, columns: columns)
    guard matrix.canDecode else { throw .unsupportedType(tensor: name, matrix.type) }
    return matrix
  }

  /// A short vector, copied to single precision.
  func vector(_ name: String, count: Int) throws(ModelError) -> FloatVector {
    let tensor = try find(name, shape: [count])
    guard let decode = kernels.decoder(of: tensor.type),
      count % tensor.type.elementsPerBlock == 0
    else { throw .unsupportedType(tensor: name, tensor.type) }
    let bytes = file.bytes(of: tensor).baseAddress
    return FloatVector(count: count) { decode(bytes, $0, count) }
  }

  func vectorIfPresent(_ name: String, count: Int) throws(ModelError) -> FloatVector? {
    has(name) ? try vector(name, count: count) : nil
  }

  /// `NAME.weight` with `NAME.bias` where the file has one.
  func linear(
    _ name: String, rows: Int, columns: Int
  ) throws(ModelError) -> Linear {
    Linear(
      weight: try matrix("\(name).weight", rows: rows, columns: columns),
      bias: try vectorIfPresent("\(name).bias", count: rows))
  }

  /// The same for matrices that lie one after the other in a single tensor.
  func linears(
    _ name: String, rows: [Int], columns: Int
  ) throws(ModelError) -> [Linear] {
    let whole = try linear(name, rows: rows.reduce(0, +), columns: columns)
    var parts: [Linear] = []
    var first = 0
    for count in rows {
      guard let weight = whole.weight.part(first..<first + count, kernels: kernels) else {
        throw .unsupportedType(tensor: name, whole.weight.type)
      }
      let bias = whole.bias.map { FloatVector(Array($0.values[first..<first + count])) }
      parts.append(Linear(weight: weight, bias: bias))
      first += count
    }
    return parts
  }

  /// Rows of the embedding: the size of the vocabulary, whatever the metadata says.
  func vocabularyCount() throws(ModelError) -> Int {
    let name = "token_embd.weight"
    guard let tensor = file.tensor(name) else { throw .missingTensor(name) }
    let dimensions = tensor.shape.dimensions
    guard dimensions.count == 2, dimensions[0] > 0, dimensions[0] <= Int(Int32.max) else {
      throw .wrongShape(tensor: name, found: tensor.shape, expected: [1, 1])
    }
    return dimensions[0]
  }
}
