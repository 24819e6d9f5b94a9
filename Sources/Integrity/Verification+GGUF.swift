internal import GGUF
internal import MappedFiles
import SystemPackage
import Workers

extension Verification {
  /// A file, or every part of the set that it belongs to: each by itself, then one against the others.
  static func verifyGGUF(_ path: FilePath, on pool: WorkerPool) throws -> [FileVerdict] {
    let named = try verifyFile(path, on: pool)
    guard let metadata = named.header?.metadata else { return [named.verdict] }
    let paths: [FilePath]
    do throws(GGUFError) {
      paths = try GGUFSet.paths(of: metadata, at: path)
    } catch {
      return [verdict(path, "\(error)")]
    }
    let verdicts = try paths.enumerated().map { index, part in
      do {
        return part == path ? named.verdict : try verifyFile(part, on: pool).verdict
      } catch let error as FileError {
        return verdict(part, "part \(index + 1) of \(paths.count): \(error)")
      }
    }
    guard paths.count > 1, verdicts.allSatisfy(\.isIntact) else { return verdicts }
    do {
      _ = try GGUFSet(path)
      return verdicts
    } catch let error as GGUFError {
      return verdicts.map {
        $0.path == error.path ? verdict($0.path, "\(error)", tensor: error.tensor) : $0
      }
    }
  }

  /// - Returns: The header too, when it can be read.
  private static func verifyFile(
    _ path: FilePath, on pool: WorkerPool
  ) throws -> (verdict: FileVerdict, header: GGUFHeader?) {
    let file = try MappedFile(path)
    do {
      let header = try file.withUnchangedBytes {
        try GGUFHeader(parsing: $0, requiringData: false)
      }
      let missing = header.tensors.compactMap { tensor in
        damage(
          to: tensor.name, at: tensor.offset, byteCount: tensor.byteCount,
          rows: tensor.shape.rows, fileEnd: file.byteCount)
      }
      let extra = trailing(header, byteCount: file.byteCount)
      let verdict = try verdict(file, SealedHeader(header), missing + extra, on: pool)
      return (verdict, header)
    } catch let error as GGUFError {
      return (verdict(path, "\(error)", tensor: error.tensor, at: error.byteOffset), nil)
    }
  }

  /// Bytes that belong to no tensor and are no padding.
  private static func trailing(_ header: GGUFHeader, byteCount: Int) -> [Damage] {
    let padded = header.paddedEnd
    guard byteCount > padded else { return [] }
    let damage = Damage(
      tensor: nil, firstRow: nil, lastRow: nil, offset: padded, byteCount: byteCount - padded,
      why: "bytes after the last tensor")
    return [damage]
  }

  /// The rows of a tensor that lie beyond the end of the file.
  private static func damage(
    to tensor: String, at offset: Int, byteCount: Int, rows: Int, fileEnd: Int
  ) -> Damage? {
    let present = max(0, min(byteCount, fileEnd - offset))
    guard present < byteCount else { return nil }
    let rowBytes = max(1, byteCount / max(1, rows))
    return Damage(
      tensor: tensor, firstRow: present / rowBytes, lastRow: rows - 1, offset: offset + present,
      byteCount: byteCount - present, why: "the file ends before the tensor does")
  }
}
