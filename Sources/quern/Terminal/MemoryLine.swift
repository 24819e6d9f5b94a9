import Quality

extension MemoryUse {
  /// The use as people read it.
  var line: String {
    var claims: [String] = []
    if let cache { claims.append("\(Quantities.bytes(cache)) cache") }
    if let workspace { claims.append("\(Quantities.bytes(workspace)) workspace") }
    return
      "memory: \(Quantities.bytes(resident)) resident, \(Quantities.bytes(mapped)) of it mapped files, "
      + "\(Quantities.bytes(heap)) the program's own"
      + (claims.isEmpty
        ? "" : "; claimed of that, and touched as needed: " + claims.joined(separator: ", "))
  }
}
