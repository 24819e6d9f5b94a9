import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Renames a file to a name that nothing has, in one step where the system can.
///
/// - Returns: 0, `EEXIST`, or another error of the system.
func renameToFree(_ from: FilePath, _ to: FilePath) -> Int32 {
  from.withPlatformString { from in
    to.withPlatformString { to in
      let code = renameExclusively(from, to)
      guard code == EINVAL || code == ENOSYS || code == ENOTSUP else { return code }
      // This filesystem cannot: a moment is left in which the name may be taken.
      var status = stat()
      if lstat(to, &status) == 0 { return EEXIST }
      return rename(from, to) == 0 ? 0 : errno
    }
  }
}

#if canImport(Darwin)
  private func renameExclusively(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32
  {
    renamex_np(from, to, UInt32(RENAME_EXCL)) == 0 ? 0 : errno
  }
#else
  /// renameat2(2), which the C library has and its Swift module does not show.
  private typealias RenameAt2 =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

  private let renameAt2 = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: RenameAt2.self) }

  private func renameExclusively(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32
  {
    let noReplace: UInt32 = 1
    guard let renameAt2 else { return ENOSYS }
    return renameAt2(AT_FDCWD, from, AT_FDCWD, to, noReplace) == 0 ? 0 : errno
  }
#endif
