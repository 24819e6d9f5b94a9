import ArgumentParser
import Inference
import MappedFiles
import SystemPackage
import Tokenizers

/// What form the text must have.
struct GrammarFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("A GBNF grammar that the text follows.", valueName: "file"),
    completion: .file())
  var grammar: String?

  @Option(
    help: ArgumentHelp("A JSON schema that the text conforms to.", valueName: "file"),
    completion: .file())
  var jsonSchema: String?

  func validate() throws {
    if grammar != nil && jsonSchema != nil {
      throw ValidationError("--grammar and --json-schema exclude each other")
    }
  }

  /// Where the form is described.
  var path: String? { grammar ?? jsonSchema }

  /// What the sampler is held to, if anything.
  func makeConstraint(_ tokenizer: Tokenizer) throws -> GrammarConstraint? {
    guard let path else { return nil }
    let bytes = try MappedFile.contents(of: FilePath(path), limit: Grammar.maximumByteCount + 1)
    do {
      let grammar =
        try jsonSchema == nil
        ? Grammar(gbnf: bytes, tokenizer: tokenizer) : Grammar(jsonSchema: bytes)
      return GrammarConstraint(grammar, tokenizer: tokenizer)
    } catch let error as GrammarError {
      throw Failure("\(error)", path: path)
    } catch let error as SchemaError {
      throw Failure("\(error)", path: path)
    }
  }
}
