import Foundation

/// Numbers as people read them.
enum Quantities {
  /// `98.4 MB`, in powers of 1000.
  static func bytes(_ count: Int) -> String {
    scaled(Double(count), ["B", "kB", "MB", "GB", "TB"])
  }

  /// `134.5 M`
  static func count(_ count: Int) -> String {
    scaled(Double(count), ["", "k", "M", "G", "T"]).trimmingCharacters(in: .whitespaces)
  }

  /// `0.8 s`, `2 min 05 s`
  static func duration(_ seconds: Double) -> String {
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
  }

  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var value = value
    var unit = 0
    while value >= 999.95, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    return unit == 0
      ? "\(Int(value)) \(units[0])" : String(format: "%.1f %@", value, units[unit])
  }
}
