/// What is done to text before anything else: a list of steps, each on what the one before made.
///
/// It runs on what lies between the added tokens that are found in the text as given.
package struct Normalizer: Sendable {
  var steps: [any NormalizerStep]

  init(_ steps: [any NormalizerStep]) { self.steps = steps }

  package static let none = Normalizer([])
  /// Canonical composition (Unicode form NFC).
  package static let composed = Normalizer([NormalizationForm.nfc])

  /// Whether all it does is canonical composition.
  var composes: Bool { steps.count == 1 && (steps[0] as? NormalizationForm) == .nfc }

  /// The normalized text; nil when it is the text itself.
  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var normalized: [UInt8]?
    for step in steps {
      if let changed = normalized {
        normalized = changed.withUnsafeBufferPointer { step.normalize($0) } ?? changed
      } else {
        normalized = step.normalize(text)
      }
    }
    return normalized
  }

  /// How many bytes at the front of the normalized text come from the first scalar of the text.
  ///
  /// What the first scalar was cut away from starts elsewhere, and has none (alignments of `NormalizedString` in the
  /// `tokenizers` library).
  func origin(of text: UnsafeBufferPointer<UInt8>) -> Int {
    guard let first = text.first else { return 0 }
    var origin = UTF8Text.width(first)
    var text = Array(text)
    for step in steps {
      origin = text.withUnsafeBufferPointer { step.origin($0, min(origin, $0.count)) }
      text = text.withUnsafeBufferPointer { step.normalize($0) } ?? text
    }
    return min(origin, text.count)
  }

  package func normalize(_ text: String) -> String {
    var text = text
    return text.withUTF8 { normalize($0) }.map { String(decoding: $0, as: UTF8.self) } ?? text
  }
}

/// One thing that is done to text; `normalizers` of the `tokenizers` library has one for each type.
protocol NormalizerStep: Sendable {
  /// The changed text, which is UTF-8; nil when it is the text itself.
  ///
  /// - Parameter text: UTF-8, perhaps empty.
  /// - Complexity: linear in the text, which may be megabytes long.
  func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]?

  /// How many bytes at the front of the changed text come from the first `origin` bytes.
  func origin(_ text: UnsafeBufferPointer<UInt8>, _ origin: Int) -> Int
}

extension NormalizerStep {
  func origin(_ text: UnsafeBufferPointer<UInt8>, _ origin: Int) -> Int {
    normalize(UnsafeBufferPointer(rebasing: text[..<origin]))?.count ?? origin
  }
}
