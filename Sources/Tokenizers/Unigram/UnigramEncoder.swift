extension UnigramModel: SubwordModel {
  func makeEncoder() -> any SubwordEncoder { UnigramEncoder(self) }

  /// A piece is one whatever it is made of.
  func makes(_ text: ArraySlice<UInt8>) -> Bool { false }
}

/// Cuts texts into the pieces of the best path; keeps its scratch space from text to text.
private final class UnigramEncoder: SubwordEncoder {
  private let model: UnigramModel
  private var single: BestPaths<Float>
  private var double: BestPaths<Double>

  init(_ model: UnigramModel) {
    self.model = model
    single = BestPaths(model)
    double = BestPaths(model)
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
    switch model.precision {
    case .single:
      single.find(word, model, resetsAt: UnigramModel.resetThreshold)
      append(single.path(to: word.count), word, &ids)
    case .double:
      double.find(word, model, resetsAt: nil)
      append(double.path(to: word.count), word, &ids)
    }
  }

  private func append(
    _ path: [(id: Int32, range: Range<Int>)], _ word: UnsafeBufferPointer<UInt8>,
    _ ids: inout [Int32]
  ) {
    var isAfterUnknown = false
    for (id, range) in path.reversed() {
      let isUnknown = id == model.unknown
      defer { isAfterUnknown = isUnknown }
      if isUnknown, let bytes = model.bytes {
        for place in range { ids.append(bytes[Int(word[place])]) }
      } else if id >= 0, !(isUnknown && isAfterUnknown && model.fusesUnknown) {
        ids.append(id)
      }
    }
  }
}
