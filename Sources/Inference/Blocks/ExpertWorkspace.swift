internal import CKernels
internal import Kernels

/// The memory of a mixture of experts.
///
/// Each token has a slot for each of its experts; the slots of an expert lie together and are a group.
final class ExpertWorkspace {
  struct Group {
    let expert: Int
    let firstSlot: Int
    let endSlot: Int
    /// Whether its rows are few, packed and multiplied one by one.
    let isApart: Bool
    var slots: Range<Int> { firstSlot..<endSlot }
  }

  /// Where the packed rows of each group begin. Plain addresses, as of ``Workspace/Scratch``.
  struct PackedGroups {
    fileprivate let start: UnsafeMutableRawPointer
    fileprivate let groups: UnsafePointer<Group>
    fileprivate var row = 0
    fileprivate var gap = 0

    subscript(number: Int) -> UnsafeMutableRawPointer {
      start + groups[number].firstSlot * row + number * gap
    }

    /// Where a row of a group begins whose rows are packed one by one.
    subscript(number: Int, slot slot: Int) -> UnsafeMutableRawPointer {
      self[number] + (slot - groups[number].firstSlot) * row
    }
  }

  let dimensions: ExpertDimensions
  let width: Int

  /// Of the router, `[token][expert]`; what lies there afterwards means nothing.
  let scores: Buffer<Float>
  /// Of each token's shared expert, before the sigmoid.
  let sharedScales: Buffer<Float>
  /// The chosen experts of each token, best first, and what their outputs are multiplied with.
  let chosen: Buffer<Int32>
  let weights: Buffer<Float>
  /// The slot of each choice.
  let slots: Buffer<Int32>

  /// By slot: its token and its group.
  let tokens: Buffer<Int32>
  let groupOfSlot: Buffer<Int32>
  let groups: Buffer<Group>
  private(set) var groupCount = 0
  /// By expert: how many tokens chose it, then its next free slot.
  private let cursors: Buffer<Int32>

  /// By slot: what goes into an expert, then what comes out of it.
  let rows: Buffer<Float>
  let gate: Buffer<Float>
  let up: Buffer<Float>
  /// By layer and expert: whether its pages were asked for.
  private let asked: Buffer<UInt8>
  private let packedFloats: Buffer<UInt8>
  private let packedIntegers: Buffer<UInt8>

  init(_ dimensions: ExpertDimensions, layerCount: Int, width: Int, batchCapacity: Int) {
    self.dimensions = dimensions
    self.width = width
    let slotCount = batchCapacity * dimensions.usedCount
    scores = Buffer(batchCapacity * dimensions.count)
    sharedScales = Buffer(batchCapacity)
    chosen = Buffer(slotCount)
    weights = Buffer(slotCount)
    slots = Buffer(slotCount)
    tokens = Buffer(slotCount)
    groupOfSlot = Buffer(slotCount)
    groups = Buffer(min(slotCount, dimensions.count))
    cursors = Buffer(dimensions.count)
    asked = Buffer(layerCount * dimensions.count)
    asked.pointer.initialize(repeating: 0, count: layerCount * dimensions.count)
    rows = Buffer(slotCount * width)
    gate = Buffer(slotCount * dimensions.feedForwardWidth)
    up = Buffer(slotCount * dimensions.feedForwardWidth)
    let widest = max(width, dimensions.feedForwardWidth)
    func packed(_ activation: quern_activation) -> Buffer<UInt8> {
      let (row, gap) = Self.packedStride(activation, columns: widest)
      return Buffer(slotCount * row + min(slotCount, dimensions.count) * gap)
    }
    packedFloats = packed(QUERN_ACTIVATION_FLOAT)
    packedIntegers = packed(QUERN_ACTIVATION_INT8)
  }

  var byteCount: Int {
    let floats = [scores, sharedScales, weights, rows, gate, up]
    let numbers = [chosen, slots, tokens, groupOfSlot, cursors]
    return floats.reduce(0) { $0 + $1.byteCount } + numbers.reduce(0) { $0 + $1.byteCount }
      + groups.byteCount + asked.byteCount + packedFloats.byteCount + packedIntegers.byteCount
  }

  /// Gives each choice a slot, expert by expert.
  ///
  /// - Parameter apart: Rows of an expert up to which they are multiplied one by one.
  func group(tokenCount: Int, apart: Int) {
    let choices = tokenCount * dimensions.usedCount
    let cursors = cursors.pointer
    cursors.initialize(repeating: 0, count: dimensions.count)
    for choice in 0..<choices { cursors[Int(chosen.pointer[choice])] += 1 }
    groupCount = 0
    var next = 0
    for expert in 0..<dimensions.count where cursors[expert] > 0 {
      let slots = next..<next + Int(cursors[expert])
      groups.pointer[groupCount] = Group(
        expert: expert, firstSlot: slots.lowerBound, endSlot: slots.upperBound,
        isApart: slots.count <= apart)
      for slot in slots { groupOfSlot.pointer[slot] = Int32(groupCount) }
      groupCount += 1
      cursors[expert] = Int32(next)
      next = slots.upperBound
    }
    for choice in 0..<choices {
      let expert = Int(chosen.pointer[choice])
      let slot = cursors[expert]
      cursors[expert] += 1
      slots.pointer[choice] = slot
      tokens.pointer[Int(slot)] = Int32(choice / dimensions.usedCount)
    }
  }

  /// Has the pages of the experts that were chosen read, before the first page is touched: each in one piece, and
  /// nothing around it. Once, unless a model that memory does not hold is read again and again.
  func readAhead(of mixture: MixtureOfExperts) {
    for number in 0..<groupCount {
      let expert = groups.pointer[number].expert
      let place = mixture.layer * dimensions.count + expert
      guard asked.pointer[place] == 0 || dimensions.exceedMemory else { continue }
      asked.pointer[place] = 1
      mixture.gate.readAhead(expert)
      mixture.up.readAhead(expert)
      mixture.down.readAhead(expert)
    }
  }

  /// The packed rows of all groups.
  func packed(_ activation: quern_activation, columns: Int) -> PackedGroups {
    let (row, gap) = Self.packedStride(activation, columns: columns)
    let buffer = activation == QUERN_ACTIVATION_INT8 ? packedIntegers : packedFloats
    return PackedGroups(
      start: UnsafeMutableRawPointer(buffer.pointer), groups: groups.pointer, row: row, gap: gap)
  }

  /// One packed row that is every group's.
  func sharing(_ row: UnsafeMutableRawPointer) -> PackedGroups {
    PackedGroups(start: row, groups: groups.pointer)
  }

  /// Bytes for each row and, besides, for each group, so that all groups begin at whole cache lines.
  private static func packedStride(
    _ activation: quern_activation, columns: Int
  ) -> (row: Int, gap: Int) {
    let gap = quern_packed_bytes(activation, columns, 0)
    let row = quern_packed_bytes(activation, columns, 1) - gap
    return ((row + 63) / 64 * 64, (gap + 63) / 64 * 64)
  }
}
