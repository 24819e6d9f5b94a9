import BlockQuant
import Checkpoints
import Conversion
import GGUF
import Hub
import Inference
import Integrity
import Quality
import Safetensors
import SystemPackage
import TensorCore
import Tokenizers
import Workers

// The examples of the documentation pages, word for word: here the compiler reads them.

func exampleTensorCore() throws {
  let shape = try Shape([151_936, 896])
  let bytes = try shape.byteCount(of: .q5_0)
  print(shape, "takes", bytes, "bytes in", TensorType.q5_0)
}

func exampleGGUF() throws {
  let file = try GGUFFile("model.gguf")
  print(file.metadata.string("general.architecture") ?? "unknown")
  for tensor in file.tensors {
    print(tensor.name, tensor.type, tensor.shape, tensor.byteCount)
  }
}

func exampleSafetensors() throws {
  let checkpoint = try SafetensorsCheckpoint("Qwen2.5-0.5B-Instruct")
  for (shard, tensor) in checkpoint.tensors {
    print(shard, tensor.name, tensor.type, tensor.shape)
  }
}

func exampleBlockQuant() throws {
  let codec = BlockCodec(.q4_0)!
  let values = [Float](repeating: 0.5, count: 64)
  var blocks = [UInt8](repeating: 0, count: codec.byteCount(elementCount: 64))
  values.withUnsafeBufferPointer { values in
    blocks.withUnsafeMutableBytes { blocks in
      codec.encode(values, rows: 2, columns: 32, into: blocks)
    }
  }
}

func exampleIntegrity() throws {
  for verdict in try Verification.verify("model.gguf") where !verdict.isIntact {
    for damage in verdict.damage {
      print(damage.tensor ?? "header", damage.why)
    }
  }
}

func exampleTokenizers() throws {
  let tokenizer = try Tokenizer(metadata: GGUFFile("model.gguf").metadata)
  let ids = tokenizer.encode("Hello, world", addSpecial: true, parseSpecial: false)
  print(ids, tokenizer.decode(ids, skipSpecial: true))

  let prompt = try tokenizer.makeChatTemplate().render(
    messages: [ChatMessage(role: "user", content: "Why is the sky blue?")],
    addGenerationPrompt: true, variables: tokenizer.templateVariables)
  print(prompt)
}

func exampleCheckpoints() throws {
  let inspection = try Inspection("model.gguf")
  print(inspection.parameterCount, "parameters,", inspection.bitsPerWeight, "bits each")
}

func exampleHub() throws {
  let pull = try Pull(HubReference("Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M"))
  print("to fetch:", pull.files.filter { !pull.isCached($0) }.map(\.path))
  try pull.execute { progress in
    print(progress.byteCount, "of", pull.byteCount)
  }
  print("it stands in", pull.path)
}

func exampleConversion() throws {
  var options = ConversionOptions(recipe: Recipe(named: "Q4_K_M"))
  options.overwrite = true
  let plan = try ConversionPlan(from: "model-bf16.gguf", to: "model-q4.gguf", options: options)
  print(plan.byteCount, "bytes,", plan.bitsPerWeight, "bits per weight")
  let result = try plan.execute(on: WorkerPool())
  print("took", result.seconds, "seconds")
}

func exampleInference() throws {
  let generator = try Generator(path: "model.gguf", contextLength: 2048)
  let chat = try Chat(generator, system: "Answer in one sentence.")
  let statistics = try chat.answer(to: "Why is the sky blue?", limit: 100) { piece in
    print(piece, terminator: "")
    return true
  }
  print(statistics.tokensPerSecond, "tokens/s")
}

func exampleInferenceStream() async throws {
  let generator = AsyncGenerator(try Generator(path: "model.gguf"))
  for try await piece in generator.generate("Once upon a time", limit: 64) {
    print(piece.text, terminator: "")
    if let statistics = piece.statistics { print("\n", statistics.tokensPerSecond, "tokens/s") }
  }
}

func exampleInferenceSessions() async throws {
  let model = try Model(path: "model.gguf")
  let tokenizer = try Tokenizer(metadata: model.file.metadata)
  let pool = WorkerPool()
  try await withThrowingTaskGroup(of: String.self) { group in
    for topic in ["the sea", "the moon"] {
      let session = try Session(model, pool: pool)
      let generator = AsyncGenerator(Generator(session, tokenizer: tokenizer))
      group.addTask {
        var text = ""
        for try await piece in generator.generate("A poem on \(topic):", limit: 100) {
          text += piece.text
        }
        return text
      }
    }
    for try await text in group { print(text) }
  }
}

func exampleQuality() throws {
  let model = try Model(path: "model.gguf")
  var benchmark = Benchmark()
  benchmark.promptSizes = [128, 512]
  let result = try benchmark.run(model, name: "model.gguf", pool: WorkerPool(workerCount: 2))
  for speed in result.generation {
    print(speed.tokensPerSecond, "tokens/s,", speed.share, "of the memory ceiling")
  }
}

func exampleReadMeTensors() throws {
  let file = try GGUFFile("model.gguf")
  for tensor in file.tensors {
    print(tensor.name, tensor.type, tensor.shape)
  }
}

func exampleReadMeChat() async throws {
  let chat = AsyncChat(try Chat(Generator(path: "model.gguf")))
  for try await piece in chat.answer(to: "Why is the sky blue?") {
    print(piece.text, terminator: "")
  }
}
