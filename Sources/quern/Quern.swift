import ArgumentParser
import Foundation
import Kernels

/// The command line: flags, a plan, one library call.
struct Quern: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quern",
    abstract: "A hand mill for large-model checkpoints.",
    discussion: """
      Reads and writes safetensors and GGUF, quantizes in one pass, verifies files
      and runs them.

      A folder with config.json is a Hugging Face checkpoint (a destination ending
      in / makes one); *.safetensors and *.gguf are files; hf:ORG/NAME is a model of
      the Hugging Face hub.

      Examples:
        quern inspect model.gguf
        quern quantize Qwen2.5-0.5B/ qwen.gguf --type Q4_K_M
        quern run qwen.gguf -p "Why is the sky blue?"
      """,
    version: "0.1.0",
    subcommands: [
      InspectCommand.self, ConvertCommand.self, QuantizeCommand.self, EditCommand.self,
      VerifyCommand.self, PullCommand.self,
      RunCommand.self, TokenizeCommand.self, BenchCommand.self, LogitsCommand.self,
    ])
}

@main
enum Program {
  static func main() {
    Interrupts.install()
    OpenFiles.allowMany()
    do {
      var command = try Quern.parseAsRoot()
      if case .failure(let error) = KernelLevel.pinned { throw error }
      do {
        try command.run()
      } catch let error where Failure.isOurs(error) {
        Failure.report(error)
        Foundation.exit(EXIT_FAILURE)
      }
    } catch let error as KernelLevelError {
      Failure.report(error)
      Foundation.exit(64)
    } catch {
      Quern.exit(withError: error)
    }
  }
}
