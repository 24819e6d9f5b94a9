import TensorCore

/// Finds plain floats that were quantized once: their values lie on few levels.
///
/// Of 32 neighbours in a matrix of trained weights nearly all differ, in BF16 some 30. After four bits or fewer they
/// take 16 values at most, after five bits some 20. After `Q8_0` they may all differ, but are whole multiples of a
/// 127th of the largest; after `Q6_K` each 16 are, of a 24th to a 32nd.
struct QuantizedBefore {
  private let tensors: [Inspection.Tensor]
  private let bytes: TensorBytes

  init(_ tensors: [Inspection.Tensor], _ bytes: TensorBytes) {
    self.tensors = tensors
    self.bytes = bytes
  }

  /// At most one sentence.
  var warnings: [String] {
    let matrices = tensors.filter {
      [.bf16, .f16, .f32].contains($0.type) && $0.shape.dimensions.count > 1
        && $0.shape.columns % Self.blockCount == 0 && $0.shape.elementCount >= 64 * Self.blockCount
    }
    // Of a large model every few matrices tell as much as all.
    let step = max(1, matrices.count / 48)
    let sampled = stride(from: 0, to: matrices.count, by: step).map { matrices[$0] }
    let found = sampled.compactMap { tensor in trace(of: tensor).map { (tensor, $0) } }
    guard let first = found.first, found.count * 2 >= sampled.count else { return [] }
    let which =
      "\(first.0.name.printable)"
      + (found.count > 1 ? " and \(found.count - 1) more of the \(sampled.count) looked at" : "")
    return [
      "\(which): \(first.1), so these \(first.0.type) weights were quantized before, "
        + "and what that lost is lost"
    ]
  }

  private static let blockCount = 32
  private static let mostLevels = 22

  /// What of a matrix tells that it was quantized.
  private func trace(of tensor: Inspection.Tensor) -> String? {
    let size = tensor.type.bytesPerBlock * Self.blockCount
    var levels: [Int] = []
    var multiples = 0
    for spot in TensorBytes.spots(of: tensor, count: 64, byteCount: size).prefix(64) {
      // A small matrix is one spot.
      for start in stride(from: spot.lowerBound, to: spot.upperBound - size + 1, by: size).prefix(
        64)
      {
        let block = bytes.withBytes(of: tensor, in: start..<start + size) {
          Self.values($0, tensor.type)
        }
        guard let block, Set(block).count > 1 else { continue }
        levels.append(Set(block).count)
        if Self.isOnLattice(block, of: tensor.type) { multiples += 1 }
      }
    }
    guard levels.count >= 8 else { return nil }
    let median = levels.sorted()[levels.count / 2]
    if median <= Self.mostLevels {
      return "of 32 neighbours only \(median) differ"
    }
    return multiples * 10 >= levels.count * 9
      ? "32 neighbours are whole multiples of one step" : nil
  }

  private static func values(_ bytes: UnsafeRawBufferPointer, _ type: TensorType) -> [Float] {
    (0..<blockCount).map { index in
      switch type {
      case .f32: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
      case .bf16:
        Float(
          bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16)
      default: float(half: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
      }
    }
  }

  /// Whether a block is on the levels of `Q8_0`, or each half on those of `Q6_K`.
  private static func isOnLattice(_ block: [Float], of type: TensorType) -> Bool {
    areMultiples(block[...], of: 127, in: type)
      || [block.prefix(16), block.dropFirst(16)].allSatisfy { half in
        (24...32).contains { areMultiples(half, of: Float($0), in: type) }
      }
  }

  /// Whether values are multiples of the largest divided by `count`, as near as their type can tell.
  private static func areMultiples(
    _ values: ArraySlice<Float>, of count: Float, in type: TensorType
  ) -> Bool {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return false }
    // Rounding moves a value by this share of itself; only where that is far less than a step is it seen.
    let precision: Float = type == .bf16 ? 0x1p-8 : type == .f16 ? 0x1p-10 : 0x1p-11
    var seen = 0
    for value in values {
      let place = value / largest * count
      let allowed = max(abs(place) * precision * 2, 0.02)
      guard allowed < 0.2 else { continue }
      guard abs(place - place.rounded()) <= allowed else { return false }
      seen += 1
    }
    return seen >= 5
  }

  /// The value of an IEEE half that is neither infinite nor a NaN; 0 for those that are.
  private static func float(half bits: UInt16) -> Float {
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    guard exponent < 31 else { return 0 }
    let size =
      exponent == 0
      ? fraction * 0x1p-24
      : Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
    return bits & 0x8000 == 0 ? size : -size
  }
}
