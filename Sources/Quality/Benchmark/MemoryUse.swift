public import Inference

#if canImport(Darwin)
  import Darwin
#else
  import Foundation
#endif

/// Memory that this process has in use.
public struct MemoryUse: Sendable, Hashable, Codable {
  /// Bytes in physical memory, shared ones included.
  public var resident: Int
  /// Those of them that are pages of mapped files, which the system may drop and read again.
  public var mapped: Int
  /// Those of them that belong to this process alone: what was allocated, stacks.
  public var heap: Int
  /// What was claimed for keys and values, and to compute in: some of the heap, as far as it was touched.
  public var cache: Int?
  public var workspace: Int?

  public init(resident: Int, mapped: Int, heap: Int) {
    self.resident = resident
    self.mapped = mapped
    self.heap = heap
  }

  /// What is in use now; `nil` where the system does not say.
  public static var current: MemoryUse? {
    #if canImport(Darwin)
      var information = task_vm_info_data_t()
      var count = mach_msg_type_number_t(
        MemoryLayout<task_vm_info_data_t>.size / MemoryLayout<natural_t>.size)
      let code = withUnsafeMutablePointer(to: &information) { pointer in
        pointer.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
          task_info(mach_task_self_, task_flavor_t(TASK_VM_INFO), $0, &count)
        }
      }
      guard code == KERN_SUCCESS else { return nil }
      return MemoryUse(
        resident: Int(information.resident_size), mapped: Int(information.external),
        heap: Int(information.internal))
    #else
      guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
        return nil
      }
      return MemoryUse(status: text)
    #endif
  }

  /// What is in use now, and what a session claims of it.
  public static func current(with session: Session) -> MemoryUse? {
    var use = current
    use?.cache = session.cacheByteCount
    use?.workspace = session.workspaceByteCount
    return use
  }

  /// - Parameter status: Lines as in `/proc/self/status`, described in proc_pid_status(5).
  package init?(status: String) {
    func byteCount(_ field: String) -> Int? {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
      let words = line?.split(whereSeparator: \.isWhitespace) ?? []
      guard words.count == 3, words[2] == "kB", let count = Int(words[1]), count >= 0 else {
        return nil
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: 1024)
      return overflow ? nil : product
    }
    guard let resident = byteCount("VmRSS"), let mapped = byteCount("RssFile"),
      let heap = byteCount("RssAnon")
    else { return nil }
    self.init(resident: resident, mapped: mapped, heap: heap)
  }
}
