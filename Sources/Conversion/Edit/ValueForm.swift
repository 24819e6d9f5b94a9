public import GGUF
import Tokenizers

/// The type of a metadata value as people write it: `u32`, `str`, `arr[f32]`, `arr[arr[i32]]`.
public indirect enum ValueForm: Sendable, Hashable {
  case scalar(GGUFValueType)
  case array(ValueForm)

  private static let spellings: [(names: [String], type: GGUFValueType)] = [
    (["u8", "uint8"], .uint8), (["i8", "int8"], .int8), (["u16", "uint16"], .uint16),
    (["i16", "int16"], .int16), (["u32", "uint32"], .uint32), (["i32", "int32"], .int32),
    (["u64", "uint64"], .uint64), (["i64", "int64"], .int64), (["f32", "float32"], .float32),
    (["f64", "float64"], .float64), (["bool"], .bool), (["str", "string"], .string),
  ]

  /// The names that people type, for help and errors.
  public static let names = spellings.map(\.names[0]).joined(separator: ", ") + ", arr[TYPE]"

  /// `nil` for a type that there is not.
  public init?(_ text: some StringProtocol) {
    if let type = Self.spellings.first(where: { $0.names.contains(text.lowercased()) })?.type {
      self = .scalar(type)
      return
    }
    guard text.hasSuffix("]"), let bracket = text.firstIndex(of: "["),
      ["arr", "array"].contains(text[..<bracket].lowercased()),
      let element = ValueForm(text[text.index(after: bracket)...].dropLast())
    else { return nil }
    self = .array(element)
  }
}

/// Why a text is not a value of a type.
public struct ValueTextError: Error, Hashable, CustomStringConvertible {
  public let description: String
}

// MARK: - Values from text

extension ValueForm {
  /// Reads a value: a plain number, `true` or `false`, a text; lists as `a,b` or as JSON, nested ones as JSON
  /// only.
  public func value(_ text: String) throws(ValueTextError) -> GGUFValue {
    switch self {
    case .scalar(let type): return try Self.scalar(type, text)
    case .array(let element):
      let trimmed = text.drop { $0.isWhitespace }
      guard trimmed.first == "[" else {
        guard case .scalar(let type) = element else {
          throw ValueTextError(description: "expected JSON such as [[1, 2], [3]]")
        }
        let items = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        return .array(try Self.array(type, items.map(String.init)))
      }
      let json: JSONValue
      do throws(JSONError) {
        json = try JSONValue(parsing: Array(text.utf8))
      } catch {
        throw ValueTextError(description: "\(error)")
      }
      return .array(try Self.array(element, json))
    }
  }

  private static func array(
    _ element: ValueForm, _ json: JSONValue
  ) throws(ValueTextError) -> GGUFArray {
    guard let list = json.array else {
      throw ValueTextError(description: "expected a list, found \(json.spelling)")
    }
    switch element {
    case .array(let inner):
      var arrays: [GGUFArray] = []
      for item in list { arrays.append(try array(inner, item)) }
      return .array(arrays)
    case .scalar(let type):
      var items: [String] = []
      for item in list {
        guard let text = item.text(isString: type == .string) else {
          throw ValueTextError(description: "expected \(type), found \(item.spelling)")
        }
        items.append(text)
      }
      return try array(type, items)
    }
  }

  private static func array(
    _ type: GGUFValueType, _ items: [String]
  ) throws(ValueTextError) -> GGUFArray {
    func list<Value>(_ read: (String) -> Value?) throws(ValueTextError) -> [Value] {
      var values: [Value] = []
      for item in items {
        let text = type == .string ? item : item.filter { !$0.isWhitespace }
        guard let value = read(text) else { throw mismatch(type, item) }
        values.append(value)
      }
      return values
    }
    switch type {
    case .uint8: return .uint8(try list { UInt8($0) })
    case .int8: return .int8(try list { Int8($0) })
    case .uint16: return .uint16(try list { UInt16($0) })
    case .int16: return .int16(try list { Int16($0) })
    case .uint32: return .uint32(try list { UInt32($0) })
    case .int32: return .int32(try list { Int32($0) })
    case .float32: return .float32(try list(Self.number))
    case .bool: return .bool(try list(Self.bool))
    case .string: return .string(items)
    case .uint64: return .uint64(try list { UInt64($0) })
    case .int64: return .int64(try list { Int64($0) })
    case .float64: return .float64(try list(Self.number))
    case .array: throw ValueTextError(description: "an array says of what: arr[TYPE]")
    }
  }

  private static func scalar(
    _ type: GGUFValueType, _ text: String
  ) throws(ValueTextError) -> GGUFValue {
    switch try array(type, [text]) {
    case .uint8(let list): .uint8(list[0])
    case .int8(let list): .int8(list[0])
    case .uint16(let list): .uint16(list[0])
    case .int16(let list): .int16(list[0])
    case .uint32(let list): .uint32(list[0])
    case .int32(let list): .int32(list[0])
    case .float32(let list): .float32(list[0])
    case .bool(let list): .bool(list[0])
    case .string(let list): .string(list[0])
    case .uint64(let list): .uint64(list[0])
    case .int64(let list): .int64(list[0])
    case .float64(let list): .float64(list[0])
    case .malformedString, .array: throw mismatch(type, text)
    }
  }

  /// Infinity only where it is spelled so, not for a number beyond the type.
  private static func number<Value: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: String
  ) -> Value? {
    guard let value = Value(text) else { return nil }
    return value.isInfinite && text.contains(where: \.isNumber) ? nil : value
  }

  private static func bool(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1": true
    case "false", "0": false
    default: nil
    }
  }

  private static func mismatch(_ type: GGUFValueType, _ text: String) -> ValueTextError {
    ValueTextError(description: "expected \(type), found '\(text.prefix(40))'")
  }
}

extension JSONValue {
  /// The text of a number or truth value, or of a string where one is wanted.
  fileprivate func text(isString: Bool) -> String? {
    switch self {
    case .string(let text): isString ? text : nil
    case .integer(let value): isString ? nil : "\(value)"
    case .number(let value): isString || value.isInfinite ? nil : "\(value)"
    case .bool(let value): isString ? nil : "\(value)"
    default: nil
    }
  }

  fileprivate var spelling: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
