extension Checkpoint {
  /// What a configuration says that no key of its GGUF states.
  static func losses(
    _ config: JSONFile, _ architecture: Architecture, _ decoder: DecoderConfig
  ) throws -> [String] {
    var losses: [String] = []
    if try losesWindow(config, architecture) {
      losses.append("config.json: sliding windows have no place in this GGUF and are left out")
    }
    if try config.rotaryType() == "dynamic" {
      losses.append(
        "config.json: dynamic rotary scaling has no place in a GGUF and is left out; it counts beyond "
          + "\(decoder.contextLength) tokens only")
    }
    return losses
  }

  private static func losesWindow(_ config: JSONFile, _ architecture: Architecture) throws -> Bool {
    let key = "sliding_window"
    guard !architecture.scalars.contains(where: { $0.huggingFace == key }) else { return false }
    return try config.bool("use_sliding_window") ?? (config[key] != nil)
  }
}
