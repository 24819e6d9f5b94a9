package import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An instruction set that kernels exist for.
public enum KernelLevel: String, Sendable, CaseIterable {
  case generic, avx2, avx512, neon

  package var cLevel: quern_level {
    switch self {
    case .generic: QUERN_LEVEL_GENERIC
    case .avx2: QUERN_LEVEL_AVX2
    case .avx512: QUERN_LEVEL_AVX512
    case .neon: QUERN_LEVEL_NEON
    }
  }

  /// The levels that this machine and its operating system run, lowest first.
  public static var available: [KernelLevel] {
    allCases.filter { quern_kernels($0.cLevel) != nil }
  }

  /// The level in use: `QUERN_KERNELS` when it names one that runs here, else the highest.
  ///
  /// Check ``KernelLevelError/inEnvironment`` first when a wrong name should be reported.
  public static let active: KernelLevel = {
    if case .success(let level?) = pinned { return level }
    let best = quern_best_level()
    return allCases.first { $0.cLevel == best } ?? .generic
  }()

  /// What the environment variable `QUERN_KERNELS` asks for; `nil` when it is not set.
  public static var pinned: Result<KernelLevel?, KernelLevelError> {
    guard let value = getenv("QUERN_KERNELS").map({ String(cString: $0) }), !value.isEmpty else {
      return .success(nil)
    }
    guard let level = KernelLevel(rawValue: value.lowercased()) else {
      return .failure(.unknown(value))
    }
    guard available.contains(level) else { return .failure(.notOnThisMachine(level)) }
    return .success(level)
  }
}

/// Why `QUERN_KERNELS` cannot be obeyed.
public enum KernelLevelError: Error, Hashable, Sendable {
  case unknown(String)
  case notOnThisMachine(KernelLevel)
}

extension KernelLevelError: CustomStringConvertible {
  public var description: String {
    let names = KernelLevel.available.map(\.rawValue).joined(separator: ", ")
    return switch self {
    case .unknown(let name): "QUERN_KERNELS=\(name) is no kernel level (this machine has \(names))"
    case .notOnThisMachine(let level):
      "QUERN_KERNELS=\(level.rawValue) does not run on this machine (it has \(names))"
    }
  }
}
