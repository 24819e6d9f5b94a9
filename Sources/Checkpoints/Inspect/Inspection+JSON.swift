import GGUF

extension Inspection: Encodable {
  private enum Key: String, CodingKey {
    case format, version, architecture, quantization, parameters, bitsPerWeight, bytes, files,
      alignment,
      dataOffset, metadata, tensors
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(format, forKey: .format)
    try object.encodeIfPresent(version, forKey: .version)
    try object.encode(architecture, forKey: .architecture)
    try object.encodeIfPresent(quantization, forKey: .quantization)
    try object.encode(parameterCount, forKey: .parameters)
    try object.encode(bitsPerWeight, forKey: .bitsPerWeight)
    try object.encode(byteCount, forKey: .bytes)
    try object.encode(fileCount, forKey: .files)
    try object.encodeIfPresent(alignment, forKey: .alignment)
    try object.encodeIfPresent(dataOffset, forKey: .dataOffset)
    let pairs = metadata.map { ($0.key, $0.value) }
    try object.encode(
      Dictionary(pairs, uniquingKeysWith: { first, _ in first }), forKey: .metadata)
    try object.encode(tensors, forKey: .tensors)
  }
}

extension Inspection.Tensor: Encodable {
  private enum Key: String, CodingKey {
    case name, type, shape, offset, bytes, file
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(name, forKey: .name)
    try object.encode(type.name, forKey: .type)
    try object.encode(shape.dimensions, forKey: .shape)
    try object.encode(offset, forKey: .offset)
    try object.encode(byteCount, forKey: .bytes)
    try object.encodeIfPresent(file, forKey: .file)
  }
}
