public import Safetensors
import Tokenizers

/// How the shards of a model in safetensors, and the index beside them, are called and written.
///
/// - Source: `save_torch_state_dict` of huggingface_hub, what `save_pretrained` of transformers writes.
public enum ShardSet {
  /// `model-00001-of-00003.safetensors`; `model.safetensors` of a single one.
  public static func name(_ stem: String, number: Int, of count: Int) -> String {
    guard count > 1 else { return "\(stem).safetensors" }
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(stem)-\(padded(number))-of-\(padded(count)).safetensors"
  }

  /// `model.safetensors.index.json`
  public static func indexName(_ stem: String) -> String { "\(stem).safetensors.index.json" }

  /// The index of shards: which tensor lies in which, and how much all hold.
  public static func index(_ shards: [(name: String, layout: SafetensorsLayout)]) -> [UInt8] {
    let tensors = shards.flatMap { shard in shard.layout.tensors.map { (shard.name, $0) } }
    let map = tensors.sorted { $0.1.name < $1.1.name }.map { shard, tensor in
      JSONValue.Member(tensor.name, .string(shard))
    }
    let parameters = tensors.reduce(0) { $0 + $1.1.shape.elementCount }
    let bytes = tensors.reduce(0) { $0 + $1.1.byteCount }
    return JSONValue.members(
      (
        "metadata",
        .members(("total_parameters", .integer(parameters)), ("total_size", .integer(bytes)))
      ), ("weight_map", .object(map))
    ).text
  }
}
