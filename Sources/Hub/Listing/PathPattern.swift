#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pattern of a shell for paths, as huggingface_hub reads them: `*` passes slashes too, and a folder with its
/// slash stands for all in it.
struct PathPattern {
  private let text: String

  init(_ text: String) { self.text = text.hasSuffix("/") ? text + "*" : text }

  func matches(_ path: String) -> Bool { fnmatch(text, path, FNM_NOESCAPE) == 0 }
}
