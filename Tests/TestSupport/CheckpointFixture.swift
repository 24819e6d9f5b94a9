import SystemPackage

/// The tiny checkpoints in `Fixtures`, of every architecture at least one.
public enum CheckpointFixture: String, CaseIterable, Sendable, CustomStringConvertible {
  case llama = "tiny-llama"
  case llama3 = "tiny-llama3"
  case mistral = "tiny-mistral"
  case qwen = "tiny-qwen"
  case qwen2 = "tiny-qwen2"
  case qwen3 = "tiny-qwen3"
  case gemma = "tiny-gemma"
  case gemma2 = "tiny-gemma2"
  case gemma3 = "tiny-gemma3"
  case olmo2 = "tiny-olmo2"
  case smolLM3 = "tiny-smollm3"
  case granite = "tiny-granite"
  case glm4 = "tiny-glm4"
  case mixtral = "tiny-mixtral"
  case qwen2Moe = "tiny-qwen2moe"
  case qwen3Moe = "tiny-qwen3moe"
  case gptOss = "tiny-gpt-oss"
  case gptOssMXFP4 = "tiny-gpt-oss-mxfp4"
  case phi3 = "tiny-phi"
  case gpt2 = "tiny-gpt2"
  case starcoder2 = "tiny-starcoder2"
  case stableLM = "tiny-stablelm"
  case stableLMParallel = "tiny-stablelm-parallel"

  public var description: String { rawValue }

  public static var folder: FilePath {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Fixtures").appending("checkpoints")
  }

  public var path: FilePath { Self.folder.appending(rawValue) }

  /// What llama.cpp's converter makes of it, as JSON.
  public var expectedPath: FilePath {
    Self.folder.appending("expected").appending(rawValue + ".json")
  }
}

/// FNV-1a, 64 bits, as `expect.py` computes it.
public func digest(_ bytes: some Sequence<UInt8>) -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
