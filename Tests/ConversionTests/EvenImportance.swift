import Conversion
import TestSupport

extension ImportanceMatrix {
  /// A matrix for which every column weighs the same, by way of a file in the older form.
  ///
  /// - Parameter columnCounts: Columns of each tensor.
  static func even(_ columnCounts: [String: Int], in folder: TemporaryFolder) throws -> Self {
    var writer = ByteWriter()
    writer.append(Int32(columnCounts.count))
    for (name, count) in columnCounts {
      writer.append(Int32(name.utf8.count))
      writer.append(bytes: Array(name.utf8))
      writer.append(Int32(1))
      writer.append(Int32(count))
      for _ in 0..<count { writer.append(Float(1)) }
    }
    return try Self(folder.write(writer.bytes, as: "even.dat"))
  }
}
