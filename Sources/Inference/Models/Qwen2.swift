internal import GGUF
internal import Kernels

/// `Qwen2ForCausalLM`: Qwen2 and Qwen2.5. Queries, keys and values have biases; rotary halves pair.
///
/// - Source: arch `qwen2` of the GGUF specification; arXiv 2407.10671.
struct Qwen2: DecoderModel {
  static let architecture = "qwen2"

  struct Layer: Sendable {
    let attentionNorm: FloatVector
    let query, key, value, attentionOutput: Linear
    let feedForwardNorm: FloatVector
    let gate, up, down: Linear
  }

  let dimensions: ModelDimensions
  let epsilon: Float
  let rotary: Rotary
  let embedding: WeightMatrix
  let layers: [Layer]
  let outputNorm: FloatVector
  let output: Linear

  var keyBiases: KeyBiases { KeyBiases(layers: layers.map(\.key.bias), rotary: rotary) }

  init(_ source: TensorSource) throws(ModelError) {
    let parameters = ModelParameters(
      metadata: source.file.metadata, architecture: Self.architecture)
    let dimensions = try ModelDimensions(
      parameters, vocabularyCount: try source.vocabularyCount())
    self.dimensions = dimensions
    epsilon = try parameters.positive("attention.layer_norm_rms_epsilon")
    rotary = try Rotary(
      order: .halves, parameters: parameters, rotaryDim: dimensions.rotaryDim, factors: nil)
    embedding = try source.table(
      "token_embd.weight", rows: dimensions.vocabularyCount, columns: dimensions.width)
    var layers: [Layer] = []
    for index in 0..<dimensions.layerCount {
      layers.append(try Layer(source, index: index, dimensions: dimensions))
    }
    self.layers = layers
    outputNorm = try source.vector("output_norm.weight", count: dimensions.width)
    output = try source.outputMatrix(tiedTo: embedding)
  }

  func forward(_ tokens: UnsafeBufferPointer<Int32>, _ pass: Pass) {
    let workspace = pass.workspace
    let width = dimensions.width
    pass.embed(tokens, from: embedding)
    rotary.fillTurns(workspace.turns.pointer, position: pass.position, count: pass.tokenCount)
    for (index, layer) in layers.enumerated() {
      pass.normalize(
        adding: index == 0 ? nil : workspace.projected, weight: layer.attentionNorm,
        epsilon: epsilon, packing: ActivationForms(layer.query, layer.key, layer.value))
      pass.multiply(
        (layer.query, workspace.queries.pointer, dimensions.queryWidth),
        (layer.key, workspace.keys.pointer, dimensions.kvWidth),
        (layer.value, workspace.values.pointer, dimensions.kvWidth))
      pass.rotateAndStore(layer: index, order: rotary.order)
      pass.attend(layer: index)
      pass.pack(
        workspace.attended, columns: dimensions.queryWidth,
        for: ActivationForms(layer.attentionOutput))
      pass.multiply((layer.attentionOutput, workspace.projected.pointer, width))

      pass.normalize(
        adding: workspace.projected, weight: layer.feedForwardNorm, epsilon: epsilon,
        packing: ActivationForms(layer.gate, layer.up))
      pass.multiply(
        (layer.gate, workspace.gate.pointer, dimensions.feedForwardWidth),
        (layer.up, workspace.up.pointer, dimensions.feedForwardWidth))
      pass.gateAndPack(for: ActivationForms(layer.down))
      pass.multiply((layer.down, workspace.projected.pointer, width))
    }
  }
}

extension Qwen2.Layer {
  init(_ source: TensorSource, index: Int, dimensions: ModelDimensions) throws(ModelError) {
    let name = "blk.\(index)"
    let width = dimensions.width
    attentionNorm = try source.vector("\(name).attn_norm.weight", count: width)
    query = try source.linear("\(name).attn_q", rows: dimensions.queryWidth, columns: width)
    key = try source.linear("\(name).attn_k", rows: dimensions.kvWidth, columns: width)
    value = try source.linear("\(name).attn_v", rows: dimensions.kvWidth, columns: width)
    attentionOutput = try source.linear(
      "\(name).attn_output", rows: width, columns: dimensions.queryWidth)
    feedForwardNorm = try source.vector("\(name).ffn_norm.weight", count: width)
    gate = try source.linear(
      "\(name).ffn_gate", rows: dimensions.feedForwardWidth, columns: width)
    up = try source.linear("\(name).ffn_up", rows: dimensions.feedForwardWidth, columns: width)
    down = try source.linear("\(name).ffn_down", rows: width, columns: dimensions.feedForwardWidth)
  }
}
