public import TensorCore

/// What a conversion is asked to do.
public struct ConversionOptions: Sendable {
  /// The mixture to write; `nil` keeps every tensor's type.
  public var recipe: Recipe?
  /// Types for the tensors whose names a pattern finds; the first pattern that does decides.
  public var typeOverrides: [TypeOverride] = []
  /// The type of the output matrix, and of an embedding that serves as one.
  public var outputType: TensorType?
  /// The type of the token embedding.
  public var embeddingType: TensorType?
  /// Tensors whose names one of these finds keep their type.
  public var excluded: [TensorPattern] = []
  /// What the columns of each matrix weigh when it is quantized.
  public var importance: ImportanceMatrix?
  /// Give every matrix the recipe's base type.
  public var isPure = false
  /// Fill up the rows of feed-forward networks with zeros, where blocks of 256 need it and the function of
  /// the model stays the same.
  public var padsRows = false
  /// Quantize tensors that are already quantized, from their decoded values.
  public var allowRequantize = false
  /// Let tensors of an architecture that is not known keep their names.
  public var isGeneric = false
  /// Accept infinities and NaNs in the source.
  public var allowNonFinite = false
  /// Replace a destination that exists.
  public var overwrite = false
  /// Write digests of its own bytes into each file of the result. See Specs/seal.md.
  public var isSealed = false
  /// Bytes of tensor data in one file of the result, at most, unless a single tensor is larger. Without,
  /// a GGUF is one file and the shards of a folder have `HuggingFaceFolder.defaultShardByteCount`.
  public var maxShardByteCount: Int?
  /// Which byte of each number comes first in a GGUF.
  public var byteOrder = ByteOrder.little
  /// Tensors in one file of the result, at most.
  public var maxShardTensorCount: Int?

  /// What buffers may take together, in bytes: slabs that are read, encoded and written.
  public var memoryByteCount = 256 << 20

  public init(recipe: Recipe? = nil) { self.recipe = recipe }
}

extension ConversionOptions {
  /// Every expression that chooses tensors.
  var patterns: [TensorPattern] { typeOverrides.map(\.pattern) + excluded }

  /// The shape with which a tensor is stored: the quantizer of llama.cpp knows no outer extents of 1.
  func stored(_ shape: Shape) throws -> Shape {
    guard recipe?.isQuantized == true, shape.dimensions.count > 1 else { return shape }
    let inner = shape.dimensions.drop { $0 == 1 }
    return try Shape(inner.isEmpty ? [1] : Array(inner))
  }

  /// Elements that are read, encoded and written at a time, unless a row is longer.
  ///
  /// In single precision they take a sixteenth of the memory: the slab that is read and the one after it,
  /// one for each output and two more on their way to disk.
  var slabElementCount: Int { min(4 << 20, max(64 << 10, memoryByteCount / 64)) }
}

/// A regular expression that is looked for anywhere in a tensor's name.
public struct TensorPattern: @unchecked Sendable {
  // A compiled expression is never changed, and matching it keeps its state elsewhere.
  private let expression: Regex<AnyRegexOutput>
  /// The expression as it was given.
  let source: String

  /// Words, digits and spaces are those of ECMAScript, so that `\b` holds at every dot of a name.
  ///
  /// - Throws: What is wrong with the expression.
  public init(_ source: String) throws {
    self.source = source
    expression = try Regex(source).wordBoundaryKind(.simple).asciiOnlyCharacterClasses()
      .matchingSemantics(.unicodeScalar)
  }

  func finds(_ name: String) -> Bool { (try? expression.firstMatch(in: name)) != nil }
}

/// A type for some tensors, whatever the recipe says.
public struct TypeOverride: Sendable {
  public let pattern: TensorPattern
  public let type: TensorType

  public init(_ pattern: TensorPattern, _ type: TensorType) {
    self.pattern = pattern
    self.type = type
  }
}
