/// Files that hold the weights of a checkpoint once more, for another program.
enum ForeignWeights {
  /// Why a file is left out of a checkpoint, or `nil` when it belongs to it.
  static func reason(_ file: HubFile, hasSafetensors: Bool, among all: [HubFile]) -> String? {
    let name = file.name.lowercased()
    func ends(_ endings: String...) -> Bool { endings.contains { name.hasSuffix($0) } }
    if ends(".h5", ".msgpack", ".ot", ".tflite", ".nemo", ".ckpt.index")
      || name.hasPrefix("tf_model")
    {
      return "weights for TensorFlow, Flax or Rust"
    }
    if ends(".onnx", ".onnx_data", ".onnx.data") || file.isBelow("onnx") {
      return "weights for ONNX"
    }
    if ends(".mlmodel", ".mlpackage") || file.path.contains(".mlpackage/") || file.isBelow("coreml")
    {
      return "weights for Core ML"
    }
    if file.isBelow("openvino") || name.hasPrefix("openvino_model") {
      return "weights for OpenVINO"
    }
    guard hasSafetensors else { return nil }
    if ends(".bin", ".pt", ".pth", ".ckpt", ".pkl", ".bin.index.json") {
      return "weights as pickles"
    }
    if ends(".gguf") { return "weights as GGUF" }
    if name.hasPrefix("consolidated"), ends(".safetensors"), hasModelShards(all) {
      return "the weights in one file again"
    }
    return nil
  }

  /// Whether the root holds `model.safetensors` or its shards.
  private static func hasModelShards(_ all: [HubFile]) -> Bool {
    all.contains { $0.path.hasPrefix("model") && $0.path.hasSuffix(".safetensors") }
  }
}

extension HubFile {
  /// Whether a folder of the root holds it.
  fileprivate func isBelow(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}
