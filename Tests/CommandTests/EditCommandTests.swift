import Foundation
import TestSupport
import Testing

/// Headers edited through the command.
@Suite struct EditCommandTests {
  let folder: TemporaryFolder
  let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.path.appending("m.gguf").string
    let made = try Program("convert", fixture("checkpoints/tiny-llama"), model)
    try #require(made.status == 0, "\(made.errors)")
  }

  private func path(_ name: String) -> String { folder.path.appending(name).string }

  private func write(_ text: String, as name: String) throws -> String {
    try folder.write(Array(text.utf8), as: name).string
  }

  private func metadata(_ path: String) throws -> [String: Any] {
    try #require(try Program("inspect", path, "--json").json()["metadata"] as? [String: Any])
  }

  @Test("Values come from the command line and from files, and the report says what changed")
  func values() throws {
    let list = try write("one\ntwo\n", as: "list.txt")
    let license = try write("@home\n", as: "license.txt")
    let program = try Program(
      "edit", model, path("e.gguf"), "--set", "general.name=str:Grain", "--set",
      "general.tags=arr[str]:@\(list)", "--set", "general.license=str:@\(license)", "--set",
      "a.b=str:@@x", "--remove", "general.file_type", "--json")
    #expect(program.status == 0, "\(program.errors)")
    let report = try program.json()
    let changes = try #require(report["changes"] as? [[String: String]])
    #expect(
      Dictionary(uniqueKeysWithValues: changes.map { ($0["name"], $0["kind"]) })
        == [
          "general.name": "changed", "general.tags": "added", "general.license": "added",
          "a.b": "added", "general.file_type": "removed",
        ])
    #expect(report["in_place"] as? Bool == false)
    let found = try metadata(path("e.gguf"))
    #expect(found["general.name"] as? String == "Grain")
    #expect(found["general.tags"] as? [String] == ["one", "two"])
    #expect(found["general.license"] as? String == "@home\n")
    #expect(found["a.b"] as? String == "@x")
    #expect(found["general.file_type"] == nil)
    // The model answers as before.
    let answers = try [model, path("e.gguf")].map {
      try Program("run", $0, "-p", "Hello", "-n", "8", "--temperature", "0", "--quiet").output
    }
    #expect(answers[0] == answers[1])
  }

  @Test("A chat template comes from Jinja or from the JSON that holds one, and must be one")
  func chatTemplate() throws {
    let jinja = try write("{% for m in messages %}{{ m.content }}{% endfor %}", as: "t.jinja")
    #expect(try Program("edit", model, path("a.gguf"), "--chat-template", jinja).status == 0)
    #expect(
      try metadata(path("a.gguf"))["tokenizer.chat_template"] as? String
        == "{% for m in messages %}{{ m.content }}{% endfor %}")
    let json = try write(#"{"chat_template": "{{ bos_token }}"}"#, as: "tokenizer_config.json")
    #expect(try Program("edit", model, path("b.gguf"), "--chat-template", json).status == 0)
    #expect(try metadata(path("b.gguf"))["tokenizer.chat_template"] as? String == "{{ bos_token }}")
    let broken = try write("{% for %}", as: "broken.jinja")
    let refused = try Program("edit", model, path("c.gguf"), "--chat-template", broken)
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("quern: \(broken): "))
    #expect(refused.errors.contains("--force"))
  }

  @Test(
    "Wrong usage ends with 64",
    arguments: [
      ["m.gguf"], ["m.gguf", "x.gguf", "--in-place"], ["m.gguf", "x.gguf", "--set", "a"],
      ["m.gguf", "x.gguf", "--set", "a=5"], ["m.gguf", "x.gguf", "--set", "a=u9:5"],
      ["m.gguf", "x.gguf", "--set", "a=u8:500"], ["m.gguf", "x.gguf", "--rename-tensor", "a"],
      ["m.gguf", "--in-place", "--room", "1KB"],
    ])
  func usage(arguments: [String]) throws {
    #expect(try Program(["edit"] + arguments).status == 64)
  }

  @Test("What cannot be edited is one line, and changes nothing")
  func refusals() throws {
    let before = try readBytes(folder.path.appending("m.gguf"))
    let pickle = try folder.write(Array("PK\u{3}\u{4}....".utf8), as: "model.bin").string
    let cases: [(arguments: [String], message: String)] = [
      ([model, "--in-place"], "nothing to change was asked for"),
      ([model, model, "--set", "a=u8:1", "--overwrite"], "the destination is the source"),
      (
        [folder.path.string, path("x"), "--set", "a=u8:1"], "expected a GGUF or a safetensors file"
      ),
      ([pickle, path("x"), "--set", "a=u8:1"], "save the model as safetensors"),
      ([model, "--in-place", "--set", "general.alignment=u32:64"], "cannot be changed"),
      ([model, "--in-place", "--set", "n=str:@\(model)"], "expected UTF-8"),
    ]
    for (arguments, message) in cases {
      let program = try Program(["edit"] + arguments)
      #expect(program.status == 1)
      #expect(program.errors.contains(message), "\(program.errors)")
    }
    #expect(try readBytes(folder.path.appending("m.gguf")) == before)
  }

  @Test(
    "A kill at any moment of an edit in place loses nothing, and the same command ends it",
    .enabled(if: FailingCalls.isAvailable, "no C compiler, or no LD_PRELOAD"))
  func kills() throws {
    try Program("edit", model, path("r.gguf"), "--room", "100KB")
    let (file, target) = (folder.path.appending("r.gguf"), path("r.gguf"))
    let before = try readBytes(file)
    let command = [
      "edit", target, "--in-place", "--set", "aa=str:\(String(repeating: "x", count: 40_000))",
      "--remove", "general.file_type", "--rename-tensor", "output_norm.weight=other.weight",
    ]
    #expect(try Program(command).status == 0)
    let after = try readBytes(file)
    #expect(after.count == before.count && after != before)
    for call in ["creat", "ftruncate", "pwrite", "fsync", "rename", "unlink"] {
      for fault in ["signal \(SIGKILL)", "fail \(EIO)"] {
        var count = 0
        while true {
          count += 1
          _ = try folder.write(before, as: "r.gguf")
          let what = "\(call) \(count) \(fault)"
          let program = try Program(command, environment: FailingCalls.environment(what))
          if program.status == 0 { break }
          try check(what, target, command, before: before, after: after)
        }
      }
    }
  }

  /// What is there after a fault is the old or the new file, or refused until the edit is finished.
  private func check(
    _ what: String, _ target: String, _ command: [String], before: [UInt8], after: [UInt8]
  ) throws {
    let file = folder.path.appending("r.gguf")
    if try folder.names.contains("r.gguf.quern-edit") {
      // A head that is half written is nobody's.
      var torn = after
      torn.replaceSubrange(200..<20_000, with: before[200..<20_000])
      _ = try folder.write(torn, as: "r.gguf")
      let inspected = try Program("inspect", target)
      #expect(inspected.status == 1)
      #expect(inspected.errors.contains("an edit of this file is not finished"), "\(what)")
    } else {
      let found = try readBytes(file)
      #expect(found == before || found == after, "\(what)")
      if found == after { return }
    }
    let again = try Program(command)
    #expect(again.status == 0, "\(what): \(again.errors)")
    #expect(try readBytes(file) == after, "\(what)")
    #expect(try folder.names.filter { $0.hasPrefix("r.") } == ["r.gguf"], "\(what)")
  }

  @Test("The journal of another file's edit touches nothing, and is said to be that")
  func foreign() throws {
    _ = try folder.write(Array("QQUERNE1 and nonsense".utf8), as: "m.gguf.quern-edit")
    let before = try readBytes(folder.path.appending("m.gguf"))
    let program = try Program("edit", model, "--in-place", "--set", "a=u8:1")
    #expect(program.status == 1)
    #expect(
      program.errors.contains("m.gguf.quern-edit: the journal of an edit, but not of the file"))
    #expect(try readBytes(folder.path.appending("m.gguf")) == before)
  }

  @Test("A file that is reached through a link is edited where it is")
  func links() throws {
    try Program("edit", model, path("r.gguf"), "--room", "1KB")
    try FileManager.default.createSymbolicLink(
      atPath: path("link.gguf"), withDestinationPath: "r.gguf")
    let program = try Program("edit", path("link.gguf"), "--in-place", "--set", "a=u8:1")
    #expect(program.status == 0, "\(program.errors)")
    #expect(try metadata(path("r.gguf"))["a"] as? Int == 1)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: path("link.gguf")) == "r.gguf")
  }

  @Test(
    "An interrupted edit of a set is finished from any of its parts",
    .enabled(if: FailingCalls.isAvailable, "no C compiler, or no LD_PRELOAD"))
  func parts() throws {
    try Program("edit", model, path("r.gguf"), "--room", "1KB")
    try Program("convert", path("r.gguf"), path("s.gguf"), "--max-shard-tensors", "8")
    let parts = try folder.names.filter { $0.hasPrefix("s-") }
    // The part's own metadata hold the room.
    let command = ["edit", path(parts[1]), "--in-place", "--set", "general.name=str:Oat"]
    let killed = try Program(
      command, environment: FailingCalls.environment("unlink 1 signal \(SIGKILL)"))
    #expect(killed.status == -1)
    #expect(try folder.names.contains("\(parts[0]).quern-edit"))
    let refused = try Program("inspect", path(parts[2]))
    #expect(refused.errors.contains("\(parts[0]): an edit of this file is not finished"))
    #expect(try Program(command).status == 0)
    #expect(try metadata(path(parts[2]))["general.name"] as? String == "Oat")
    #expect(try folder.names.filter { $0.hasPrefix("s-") } == parts)
  }
}
