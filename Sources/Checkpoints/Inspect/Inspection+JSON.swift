import GGUF

extension Inspection: Encodable {
  private enum Key: String, CodingKey {
    case format, version, architecture, quantization, parameters, bitsPerWeight, bytes, files,
      alignment,
      dataOffset, metadata, tensors, byteOrder, outline, tokenizer, roles, types, layers
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
    try object.encode(byteOrder.rawValue, forKey: .byteOrder)
    try object.encode(outline, forKey: .outline)
    try object.encodeIfPresent(tokenizer, forKey: .tokenizer)
    try object.encode(roles.map { NamedShare($0.role.rawValue, $0.share) }, forKey: .roles)
    try object.encode(types.map { NamedShare($0.type, $0.share) }, forKey: .types)
    try object.encode(layers, forKey: .layers)
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

/// `{name, tensors, parameters, bytes}`
private struct NamedShare: Encodable {
  let name: String
  let tensors: Int
  let parameters: Int
  let bytes: Int

  init(_ name: String, _ share: Inspection.Share) {
    self.name = name
    tensors = share.tensorCount
    parameters = share.parameterCount
    bytes = share.byteCount
  }
}

extension Inspection.Layer: Encodable {
  private enum Key: String, CodingKey { case layer, tensors, parameters, bytes, types }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(number, forKey: .layer)
    try object.encode(share.tensorCount, forKey: .tensors)
    try object.encode(share.parameterCount, forKey: .parameters)
    try object.encode(share.byteCount, forKey: .bytes)
    let byName = types.map { ($0.key.rawValue, $0.value) }
    try object.encode(Dictionary(uniqueKeysWithValues: byName), forKey: .types)
  }
}
