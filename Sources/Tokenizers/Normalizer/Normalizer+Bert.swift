extension Normalizer {
  /// The normalizer of BERT: control characters go, ideographs stand apart, and as asked for accents go and capitals
  /// are small letters.
  static func bert(stripsAccents: Bool, lowercases: Bool) -> Normalizer {
    Normalizer(
      bertSteps(cleans: true, spaces: true, strips: stripsAccents, lowercases: lowercases))
  }

  static func bertSteps(
    cleans: Bool, spaces: Bool, strips: Bool, lowercases: Bool
  ) -> [any NormalizerStep] {
    var steps: [any NormalizerStep] = []
    if cleans { steps.append(ScalarFilter.clean) }
    if spaces { steps.append(SpacedIdeographs()) }
    if strips { steps += [NormalizationForm.nfd, ScalarFilter.nonspacingMarks] }
    if lowercases { steps.append(Lowercase()) }
    return steps
  }
}
