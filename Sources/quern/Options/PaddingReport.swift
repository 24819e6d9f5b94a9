import Conversion

/// What `--json` prints of padded rows.
struct PaddingReport: Encodable {
  struct Width: Encodable {
    let key: String
    let from: Int
    let to: Int
    let layers: Int
  }

  let widths: [Width]
  let bytes: Int
  let bytesWithoutPadding: Int

  init(_ padding: RowPadding) {
    widths = padding.widths.map {
      Width(key: $0.key, from: $0.from, to: $0.to, layers: $0.layerCount)
    }
    bytes = padding.byteCount
    bytesWithoutPadding = padding.unpaddedByteCount
  }
}

extension RowPadding {
  /// For people: what grows, and what that saves or costs.
  var notes: [String] {
    guard !widths.isEmpty else {
      return ["no feed-forward row needs padding; nothing is padded"]
    }
    let change = byteCount - unpaddedByteCount
    let difference =
      "\(Quantities.bytes(abs(change))) \(change > 0 ? "more" : "less") than without padding"
    return widths.map {
      "\($0.key.printable) \($0.from) -> \($0.to) in \($0.layerCount) layers, filled up with zeros"
    } + ["\(Quantities.bytes(byteCount)), \(difference) (\(Quantities.bytes(unpaddedByteCount)))"]
  }
}
