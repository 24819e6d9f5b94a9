import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension JournaledFile {
  /// Lets this file share the disk blocks of a part of `source`, where the file system can: no byte is read or
  /// written but for parts of pages at both ends.
  ///
  /// What is shared has no record in the journal: a later run shares it again.
  ///
  /// - Returns: Whether the bytes are there now. They are not where the file system cannot share, or where
  ///   both places do not lie the same way in their pages.
  /// - Throws: ``FileError`` when the ends cannot be written.
  public func share(_ source: MappedFile, _ range: Range<Int>, at offset: Int) throws(FileError)
    -> Bool
  {
    let page = 4096
    let first = (range.lowerBound + page - 1) / page * page
    let last = range.upperBound / page * page
    guard (offset - range.lowerBound) % page == 0, first < last,
      source.shareBlocks(first..<last, with: descriptor, at: offset + first - range.lowerBound)
    else { return false }
    for end in [range.lowerBound..<first, last..<range.upperBound] where !end.isEmpty {
      try write(source.bytes(in: end), at: offset + end.lowerBound - range.lowerBound)
    }
    return true
  }
}

extension MappedFile {
  /// - Source: `FICLONERANGE` of linux/fs.h, ioctl_ficlonerange(2).
  fileprivate func shareBlocks(_ range: Range<Int>, with target: Int32, at offset: Int) -> Bool {
    #if os(Linux)
      let cloneRange: UInt = 0x4020_940D
      var words = [
        UInt64(file.descriptor), UInt64(range.lowerBound), UInt64(range.count), UInt64(offset),
      ]
      return ioctl(target, cloneRange, &words) == 0
    #else
      return false
    #endif
  }
}
