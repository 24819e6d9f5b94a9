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
  let bytesWithoutPadding: Int?

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
      return ["no feed-forward row gains from padding; nothing is padded"]
    }
    return widths.map {
      "\($0.key.printable) \($0.from) -> \($0.to) in \($0.layerCount) layers, filled up with zeros"
    } + (unpaddedByteCount.map { [comparison(with: $0)] } ?? [])
  }

  private func comparison(with unpadded: Int) -> String {
    let change = byteCount - unpadded
    return "\(Quantities.bytes(byteCount)) with padding, \(Quantities.bytes(unpadded)) without: "
      + "\(Quantities.bytes(abs(change))) \(change > 0 ? "more" : "less")"
  }
}
