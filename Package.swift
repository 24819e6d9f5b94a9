// swift-tools-version: 6.1
import PackageDescription

// The target list follows the bytes, from the file up to the command line.
// A target may depend only on targets above it in this list.

let package = Package(
  name: "quern",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "quern", targets: ["quern"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
    .library(name: "MappedFiles", targets: ["MappedFiles"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "GGUF", targets: ["GGUF"]),
    .library(name: "BlockQuant", targets: ["BlockQuant"]),
    .library(name: "Integrity", targets: ["Integrity"]),
    .library(name: "Tokenizers", targets: ["Tokenizers"]),
    .library(name: "Checkpoints", targets: ["Checkpoints"]),
    .library(name: "Hub", targets: ["Hub"]),
    .library(name: "Conversion", targets: ["Conversion"]),
    .library(name: "Inference", targets: ["Inference"]),
    .library(name: "Quality", targets: ["Quality"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
    .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
  ],
  targets: [
    // MARK: System libraries
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),

    // MARK: Machine
    // One folder per instruction set. Every function names its own set in a target attribute,
    // so that the package needs no unsafe flags and one binary runs on any machine.
    .target(name: "CKernels"),
    .target(name: "TensorCore"),
    .target(
      name: "MappedFiles",
      dependencies: ["CXXHash", .product(name: "SystemPackage", package: "swift-system")]),
    .target(name: "Workers", dependencies: ["CKernels"]),
    .target(name: "Kernels", dependencies: ["CKernels", "TensorCore"]),

    // MARK: Containers
    .target(name: "Safetensors", dependencies: ["MappedFiles", "TensorCore"]),
    .target(name: "GGUF", dependencies: ["MappedFiles", "TensorCore"]),

    // MARK: Meaning
    .target(name: "BlockQuant", dependencies: ["Kernels", "TensorCore"]),
    .target(
      name: "Integrity",
      dependencies: ["CXXHash", "GGUF", "MappedFiles", "Safetensors", "TensorCore", "Workers"]),
    .target(name: "Tokenizers", dependencies: ["GGUF"]),
    .target(
      name: "Checkpoints",
      dependencies: [
        "GGUF", "MappedFiles", "Safetensors", "TensorCore", "Tokenizers",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "Hub",
      dependencies: [
        "CCurl", "GGUF", "MappedFiles", "Workers",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "Conversion",
      dependencies: [
        "BlockQuant", "Checkpoints", "GGUF", "Integrity", "Kernels", "MappedFiles", "Safetensors",
        "TensorCore", "Tokenizers", "Workers",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "Inference",
      dependencies: [
        "BlockQuant", "GGUF", "Kernels", "MappedFiles", "TensorCore", "Tokenizers", "Workers",
      ]),
    .target(
      name: "Quality",
      dependencies: [
        "GGUF", "Inference", "Kernels", "MappedFiles", "TensorCore", "Workers",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),

    // MARK: Command line
    .target(
      name: "LineEditing", dependencies: [.product(name: "SystemPackage", package: "swift-system")]),
    .executableTarget(
      name: "quern",
      dependencies: [
        "Checkpoints", "Conversion", "GGUF", "Hub", "Inference", "Integrity", "Kernels",
        "LineEditing",
        "MappedFiles", "Quality", "Safetensors", "TensorCore", "Tokenizers", "Workers",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Rainbow", package: "Rainbow"),
        .product(name: "TextTable", package: "TextTable"),
      ]),

    // MARK: Tests
    .target(
      name: "TestSupport",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "Safetensors", "TensorCore", "TestSupport", "quern",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "BlockQuant", "Checkpoints", "Conversion", "GGUF", "Hub", "Inference", "Integrity",
        "Quality", "Safetensors", "TensorCore", "Tokenizers", "Workers",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "LineEditingTests",
      dependencies: [
        "LineEditing", "TestSupport", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(name: "SystemLibraryTests", dependencies: ["CXXHash", "CZstd"]),
    .testTarget(name: "TensorCoreTests", dependencies: ["TensorCore"]),
    .testTarget(name: "MappedFilesTests", dependencies: ["MappedFiles", "TestSupport"]),
    .testTarget(name: "WorkersTests", dependencies: ["Workers"]),
    .testTarget(name: "GGUFTests", dependencies: ["GGUF", "TestSupport"]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors", "TestSupport"]),
    .testTarget(
      name: "BlockQuantTests", dependencies: ["BlockQuant", "CKernels", "Kernels", "TensorCore"]),
    .testTarget(
      name: "ConversionTests",
      dependencies: [
        "BlockQuant", "Checkpoints", "Conversion", "GGUF", "Integrity", "MappedFiles",
        "Safetensors", "TensorCore",
        "TestSupport", "Workers", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(name: "TokenizersTests", dependencies: ["GGUF", "Tokenizers"]),
    .testTarget(
      name: "IntegrityTests",
      dependencies: [
        "GGUF", "Integrity", "MappedFiles", "Safetensors", "TensorCore", "TestSupport", "Workers",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "KernelsTests", dependencies: ["BlockQuant", "CKernels", "Kernels", "TensorCore"]),
    .testTarget(
      name: "InferenceTests",
      dependencies: [
        "BlockQuant", "Conversion", "GGUF", "Inference", "Kernels", "Safetensors", "TensorCore",
        "TestSupport", "Tokenizers", "Workers",
      ]),
    .testTarget(
      name: "QualityTests",
      dependencies: [
        "Conversion", "GGUF", "Inference", "Kernels", "Quality", "TensorCore", "TestSupport",
        "Workers", .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "HubTests",
      dependencies: [
        "Hub", "MappedFiles", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "CheckpointsTests",
      dependencies: [
        "Checkpoints", "GGUF", "MappedFiles", "Safetensors", "TensorCore", "TestSupport",
        "Tokenizers", .product(name: "SystemPackage", package: "swift-system"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
