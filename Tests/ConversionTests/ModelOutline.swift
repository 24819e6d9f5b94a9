import Foundation
import GGUF
import TensorCore

/// A model without its weights: `Fixtures/recipes/*.model`.
struct ModelOutline {
  let architecture: String
  let metadata: GGUFMetadata
  let tensors: [(name: String, shape: Shape)]

  init(_ name: String) throws {
    var metadata = GGUFMetadata()
    var tensors: [(name: String, shape: Shape)] = []
    var prefixes: [String] = []
    for words in try Self.lines("\(name).model") {
      if words[0] == "tensors" {
        prefixes = [""]
      } else if words[0] == "layers" {
        prefixes = LayerNumbers.of(words[1]).map { "blk.\($0)." }
      } else if words.count > 2, words[1] == "=" {
        metadata[words[0]] = Self.value(words[2...])
      } else {
        let shape = try Shape(words.dropFirst().compactMap { Int($0) })
        tensors += prefixes.map { (name: $0 + words[0], shape: shape) }
      }
    }
    architecture = metadata.string("general.architecture") ?? ""
    self.metadata = metadata
    self.tensors = tensors
  }

  private static func value(_ words: ArraySlice<String>) -> GGUFValue {
    let integers = words.compactMap { Int32($0) }
    guard integers.count == words.count else { return .string(words.joined(separator: " ")) }
    return integers.count == 1 ? .uint32(UInt32(integers[0])) : .array(.int32(integers))
  }

  /// The words of each line that says something.
  static func lines(_ file: String) throws -> [[String]] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/recipes/\(file)")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ").map(String.init) }
      .filter { !$0.isEmpty && !$0[0].hasPrefix("#") }
  }
}

/// `0-2,7,8-47/4`: numbers, ranges, and ranges with a step.
enum LayerNumbers {
  static func of(_ text: String) -> [Int] {
    text.split(separator: ",").flatMap { part -> [Int] in
      let numbers = part.split { $0 == "-" || $0 == "/" }.compactMap { Int($0) }
      guard let first = numbers.first else { return [] }
      let last = numbers.count > 1 ? numbers[1] : first
      return Array(stride(from: first, through: last, by: numbers.count > 2 ? numbers[2] : 1))
    }
  }
}
