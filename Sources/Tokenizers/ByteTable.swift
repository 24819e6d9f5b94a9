internal import GGUF

/// Strings of bytes numbered in the order they were added, found by their bytes.
///
/// A dictionary of `String` would not do: it takes canonically equivalent texts for equal, and
/// vocabularies hold tokens that differ in nothing else.
struct ByteTable: Sendable {
  private var list: GGUFTextList
  /// Where each text starts in the bytes of the list.
  private var starts: [Int] = []
  /// Open addressing; an entry is the number plus one, 0 is free. The count is a power of two.
  private var slots: [TextSlot]

  init(minimumCapacity: Int) {
    list = GGUFTextList()
    slots = [TextSlot](repeating: TextSlot(), count: TextSlot.count(for: minimumCapacity))
    starts.reserveCapacity(minimumCapacity)
  }

  /// The texts of a list by their numbers in it; they are not copied.
  ///
  /// - Parameter duplicate: Receives the numbers of a text that is there already and of its second;
  ///   the second cannot be found.
  init<Failure: Error>(
    _ list: GGUFTextList, duplicate: (Int, Int) throws(Failure) -> Void
  ) throws(Failure) {
    self.init(minimumCapacity: list.count)
    let secret = ByteHash.secret
    try list.forEach { (bytes, range) throws(Failure) in
      let number = starts.count
      starts.append(range.lowerBound)
      let text = UnsafeRawBufferPointer(rebasing: bytes[range])
      let hash = ByteHash.hash(text, secret: secret)
      let slot = Self.slot(of: text, hash, in: slots, starts, bytes)
      guard slots[slot].isFree else { return try duplicate(Int(slots[slot].entry) - 1, number) }
      slots[slot] = TextSlot(hash, entry: UInt32(number + 1))
    }
    self.list = list
  }

  var count: Int { starts.count }

  /// All texts by number.
  subscript(number: Int) -> ArraySlice<UInt8> {
    let start = starts[number]
    let count = list.bytes.withUnsafeBytes { GGUFTextList.textByteCount($0, at: start) }
    return list.bytes[start..<start + count]
  }

  /// Adds an entry that cannot be found by its bytes, to keep the numbering.
  mutating func appendHidden() { add([]) }

  private mutating func add(_ text: some Collection<UInt8>) {
    starts.append(list.bytes.count + GGUFTextList.prefixByteCount)
    list.append(text)
  }

  /// Adds the text; when it is there already, adds nothing and returns the number it has.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    if starts.count * 4 >= slots.count * 3 { grow() }
    let hash = ByteHash.hash(text)
    let slot = slot(of: UnsafeRawBufferPointer(text), hash)
    if !slots[slot].isFree { return Int(slots[slot].entry) - 1 }
    add(text)
    slots[slot] = TextSlot(hash, entry: UInt32(starts.count))
    return nil
  }

  func number(of text: UnsafeBufferPointer<UInt8>) -> Int? {
    number(of: text, hash: ByteHash.hash(text))
  }

  func number(of text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int? {
    let found = slots[slot(of: UnsafeRawBufferPointer(text), hash)]
    return found.isFree ? nil : Int(found.entry) - 1
  }

  func number(of text: String) -> Int? {
    var text = text
    return text.withUTF8 { number(of: $0) }
  }

  private func slot(of text: UnsafeRawBufferPointer, _ hash: UInt64) -> Int {
    list.bytes.withUnsafeBytes { Self.slot(of: text, hash, in: slots, starts, $0) }
  }

  /// The slot that holds the text, or the free one where it would be.
  @inline(__always)
  private static func slot(
    of text: UnsafeRawBufferPointer, _ hash: UInt64, in slots: [TextSlot], _ starts: [Int],
    _ bytes: UnsafeRawBufferPointer
  ) -> Int {
    let mask = slots.count - 1
    let tag = TextSlot.tag(hash)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while !slots[slot].isFree {
      if slots[slot].tag == tag {
        let start = starts[Int(slots[slot].entry) - 1]
        let count = GGUFTextList.textByteCount(bytes, at: start)
        if count == text.count, text.elementsEqual(bytes[start..<start + count]) { return slot }
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func grow() {
    let old = slots
    slots = [TextSlot](repeating: TextSlot(), count: old.count * 2)
    let mask = slots.count - 1
    for entry in old where !entry.isFree {
      let text = self[Int(entry.entry) - 1]
      let hash = text.withUnsafeBufferPointer { ByteHash.hash($0) }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while !slots[slot].isFree { slot = (slot + 1) & mask }
      slots[slot] = entry
    }
  }
}

/// A place of a hash table of texts. Most texts that are not the one looked for are told by the tag alone,
/// without reading them.
struct TextSlot: Sendable {
  /// Bits of the hash that do not choose the slot.
  var tag: UInt32 = 0
  /// What the text is known by; 0 is free.
  var entry: UInt32 = 0

  init() {}

  init(_ hash: UInt64, entry: UInt32) {
    tag = Self.tag(hash)
    self.entry = entry
  }

  var isFree: Bool { entry == 0 }

  @inline(__always)
  static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

  /// Slots for `capacity` texts, three quarters of them taken at most.
  static func count(for capacity: Int) -> Int {
    var count = 16
    while count * 3 < capacity * 4 { count *= 2 }
    return count
  }
}

/// A fast hash with a secret of this process, so that no file can be made whose tokens collide.
enum ByteHash {
  static let secret = UInt64.random(in: .min ... .max) | 1

  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always)
  static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    hash(UnsafeRawBufferPointer(text), secret: secret)
  }

  @inline(__always)
  static func hash(_ text: UnsafeRawBufferPointer, secret: UInt64) -> UInt64 {
    let count = text.count
    var state = secret ^ UInt64(truncatingIfNeeded: count)
    var tail: UInt64 = 0
    if count >= 8 {
      var offset = 0
      while offset + 8 < count {
        let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        state = mix(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ secret)
        offset += 8
      }
      tail = text.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    } else if count >= 4 {
      // What is read twice does no harm: texts of a length differ where they differ.
      tail =
        UInt64(text.loadUnaligned(as: UInt32.self)) << 32
        | UInt64(text.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    } else if count > 0 {
      tail = UInt64(text[0]) << 16 | UInt64(text[count >> 1]) << 8 | UInt64(text[count - 1])
    }
    return mix(state ^ tail, 0xD6E8_FEB8_6659_FD93 ^ secret)
  }
}
