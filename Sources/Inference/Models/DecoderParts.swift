internal import GGUF
internal import Kernels

/// Reads the parts of a decoder by the names and keys that most architectures share.
struct DecoderParts {
  let source: TensorSource
  let parameters: ModelParameters
  var dimensions: ModelDimensions
  /// Of all norms.
  let epsilon: Float
  /// Whether norms take the mean away first and add a bias.
  var hasLayerNorms: Bool

  init(_ source: TensorSource, architecture: String) throws(ModelError) {
    self.source = source
    parameters = ModelParameters(metadata: source.file.metadata, architecture: architecture)
    dimensions = try ModelDimensions(parameters, vocabularyCount: try source.vocabularyCount())
    // Where a file has both keys, it is one of norms without a mean.
    hasLayerNorms =
      parameters.has("attention.layer_norm_epsilon")
      && !parameters.has("attention.layer_norm_rms_epsilon")
    epsilon = try parameters.positive(
      hasLayerNorms ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon")
  }

  func norm(_ name: String, count: Int? = nil) throws(ModelError) -> Norm {
    let count = count ?? dimensions.width
    return Norm(
      weight: try source.vector("\(name).weight", count: count),
      bias: hasLayerNorms ? try source.vector("\(name).bias", count: count) : nil,
      epsilon: epsilon)
  }

  func rotary(_ order: Rotary.Order, roundsRamp: Bool = true) throws(ModelError) -> Rotary {
    try Rotary(
      order: order, parameters: parameters, rotaryDim: dimensions.rotaryDim,
      factors: try source.vectorIfPresent("rope_freqs.weight", count: dimensions.rotaryDim / 2),
      longRope: try source.longRopeFactors(rotaryDim: dimensions.rotaryDim),
      roundsRamp: roundsRamp)
  }

  /// The whole model around layers that an architecture puts together.
  func decoder(
    rotaries: [Rotary], layer: (LayerParts) throws(ModelError) -> DecoderLayer
  ) throws(ModelError) -> Decoder {
    let embedding = try source.table(
      "token_embd.weight", rows: dimensions.vocabularyCount, columns: dimensions.width)
    var layers: [DecoderLayer] = []
    for index in 0..<dimensions.layerCount {
      layers.append(try layer(LayerParts(parts: self, index: index, rotaries: rotaries)))
    }
    var dimensions = dimensions
    dimensions.rotaryCount = rotaries.count
    return Decoder(
      dimensions: dimensions, embedding: embedding, rotaries: rotaries, layers: layers,
      head: OutputHead(
        norm: try norm("output_norm"), output: try source.outputMatrix(tiedTo: embedding)))
  }
}

/// The parts of one layer.
struct LayerParts {
  let parts: DecoderParts
  let index: Int
  let rotaries: [Rotary]

  private var dimensions: ModelDimensions { parts.dimensions }

  func norm(_ name: String, count: Int? = nil) throws(ModelError) -> Norm {
    try parts.norm("blk.\(index).\(name)", count: count)
  }

  /// `blk.INDEX.NAME.weight`, and its bias where the file has one.
  func linear(_ name: String, rows: Int, columns: Int) throws(ModelError) -> Linear {
    try parts.source.linear("blk.\(index).\(name)", rows: rows, columns: columns)
  }

  /// Attention with a matrix each for queries, keys and values.
  ///
  /// - Parameter rotary: Which of the rotary embeddings; nil for none.
  func attention(rotary: Int? = 0) throws(ModelError) -> Attention {
    let width = dimensions.width
    return Attention(
      query: try linear("attn_q", rows: dimensions.queryWidth, columns: width),
      key: try linear("attn_k", rows: dimensions.kvWidth, columns: width),
      value: try linear("attn_v", rows: dimensions.kvWidth, columns: width),
      output: try linear("attn_output", rows: width, columns: dimensions.queryWidth),
      rotary: rotary.map { Attention.Turn(table: $0, order: rotaries[$0].order) },
      scale: 1 / Float(dimensions.headDim).squareRoot())
  }

  /// A gate, an up and a down projection.
  func gatedFeedForward(_ activation: GatedFeedForward.Activation = .silu)
    throws(ModelError) -> GatedFeedForward
  {
    let (width, inner) = (dimensions.width, dimensions.feedForwardWidth)
    return GatedFeedForward(
      gate: try linear("ffn_gate", rows: inner, columns: width),
      up: try linear("ffn_up", rows: inner, columns: width),
      down: try linear("ffn_down", rows: width, columns: inner),
      activation: activation)
  }

  /// A layer with norms before and behind both of its parts.
  func normedOnBothSides(
    _ attention: Attention, _ feedForward: any FeedForward
  ) throws(ModelError) -> DecoderLayer {
    DecoderLayer(
      attentionNorm: try norm("attn_norm"), attention: attention,
      attentionAddition: Addition(norm: try norm("post_attention_norm")),
      feedForwardNorm: try norm("ffn_norm"), feedForward: feedForward,
      feedForwardAddition: Addition(norm: try norm("post_ffw_norm")))
  }

  /// The same with gate and up projection in one tensor, the gate's rows first.
  func fusedFeedForward() throws(ModelError) -> GatedFeedForward {
    let (width, inner) = (dimensions.width, dimensions.feedForwardWidth)
    let parts = try self.parts.source.linears(
      "blk.\(index).ffn_up", rows: [inner, inner], columns: width)
    return GatedFeedForward(
      gate: parts[0], up: parts[1],
      down: try linear("ffn_down", rows: width, columns: inner), activation: .silu)
  }
}

extension TensorSource {
  /// `output.weight`, or the embedding where the file leaves it out.
  func outputMatrix(tiedTo embedding: WeightMatrix) throws(ModelError) -> Linear {
    guard has("output.weight") else { return Linear(weight: embedding, bias: nil) }
    return try linear("output", rows: embedding.rows, columns: embedding.columns)
  }
}
