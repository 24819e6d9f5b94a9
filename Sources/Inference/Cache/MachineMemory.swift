package import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory this process may still claim.
///
/// The least of what the machine has, what Linux says is available without swapping, and what every
/// control group around the process has left. Pages of mapped files count as available: they are
/// dropped and read again.
///
/// - Source: `MemAvailable` of proc_meminfo(5); `memory.max`, `memory.current` and `memory.stat` of
///   Documentation/admin-guide/cgroup-v2.rst; `memory.limit_in_bytes` and `memory.usage_in_bytes` of
///   cgroup-v1/memory.rst.
package struct MachineMemory {
  /// Where `proc` and `sys` are.
  let root: FilePath

  package init(root: FilePath = "/") { self.root = root }

  package var availableByteCount: Int {
    let physical = Int(sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(
      by: Int(getpagesize()))
    let bounds = [physical.overflow ? Int.max : physical.partialValue] + controlGroups
    return min(systemAvailable ?? .max, bounds.min() ?? .max)
  }

  private var systemAvailable: Int? {
    value(of: "MemAvailable:", in: "proc/meminfo").flatMap { kilobytes in
      let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
      return overflow ? nil : bytes
    }
  }

  /// What is left in each group that bounds this process, in both versions of the interface.
  private var controlGroups: [Int] {
    let lines = read("proc/self/cgroup")?.split(separator: "\n") ?? []
    return lines.flatMap { line -> [Int] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      if fields[1].isEmpty {
        return ancestors(of: fields[2], in: "sys/fs/cgroup").compactMap {
          left(in: $0, limit: "memory.max", usage: "memory.current", total: "")
        }
      }
      guard fields[1].split(separator: ",").contains("memory") else { return [] }
      return ancestors(of: fields[2], in: "sys/fs/cgroup/memory").compactMap {
        left(
          in: $0, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", total: "total_")
      }
    }
  }

  /// The folders from a group up to the root of its hierarchy. A container sees its own as the root.
  private func ancestors(of group: Substring, in hierarchy: FilePath) -> [FilePath] {
    var folders = [hierarchy]
    for component in FilePath(String(group)).components where component.kind == .regular {
      folders.append(folders[folders.count - 1].appending(component))
    }
    return folders
  }

  private func left(in group: FilePath, limit: String, usage: String, total: String) -> Int? {
    guard let limit = number(group.appending(limit)) else { return nil }
    let cached = ["inactive_file", "active_file"].reduce(0) {
      $0 &+ (value(of: total + $1, in: group.appending("memory.stat")) ?? 0)
    }
    let used = number(group.appending(usage)) ?? 0
    return max(0, limit - max(0, used - max(0, cached)))
  }

  // MARK: - Files of the kernel

  /// `nil` for `max`, which is no number.
  private func number(_ path: FilePath) -> Int? {
    read(path).flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
      .flatMap { $0 >= 0 ? $0 : nil }
  }

  /// The number after `name` at the start of a line.
  private func value(of name: String, in path: FilePath) -> Int? {
    for line in read(path)?.split(separator: "\n") ?? [] {
      let words = line.split(separator: " ")
      if words.count >= 2, words[0] == name { return Int(words[1]).flatMap { $0 >= 0 ? $0 : nil } }
    }
    return nil
  }

  private func read(_ path: FilePath) -> String? {
    let limit = 1 << 16
    guard let file = try? FileDescriptor.open(root.pushing(path), .readOnly) else { return nil }
    return try? file.closeAfter {
      try String(unsafeUninitializedCapacity: limit) { buffer in
        var count = 0
        while count < limit {
          let room = UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
          let more = try file.read(into: room)
          if more == 0 { break }
          count += more
        }
        return count
      }
    }
  }
}
