import Foundation
import Hub
import TestSupport
import Testing

struct HubEnvironmentTests {
  @Test("The variables of huggingface_hub mean what they mean there")
  func variables() throws {
    let plain = HubEnvironment(["HOME": "/home/x"])
    #expect(plain.endpoint == "https://huggingface.co")
    #expect(plain.cache == "/home/x/.cache/huggingface/hub")
    #expect(plain.token == nil)
    #expect(!plain.isOffline && plain.usesLinks)
    #expect(HubEnvironment(["HF_HOME": "/a"]).cache == "/a/hub")
    #expect(HubEnvironment(["XDG_CACHE_HOME": "/c"]).cache == "/c/huggingface/hub")
    #expect(HubEnvironment(["HOME": "/h", "HF_HOME": "$HOME/a"]).cache == "/h/a/hub")
    #expect(HubEnvironment(["HF_HOME": "/a", "HUGGINGFACE_HUB_CACHE": "/b"]).cache == "/b")
    #expect(HubEnvironment(["HUGGINGFACE_HUB_CACHE": "/b", "HF_HUB_CACHE": "/c"]).cache == "/c")
    #expect(
      HubEnvironment(["HF_ENDPOINT": "https://mirror/hub//"]).endpoint == "https://mirror/hub")
    #expect(HubEnvironment(["HF_HUB_OFFLINE": "1"]).isOffline)
    #expect(!HubEnvironment(["HF_HUB_OFFLINE": "0"]).isOffline)
    #expect(!HubEnvironment(["HF_HUB_DISABLE_SYMLINKS": "true"]).usesLinks)
  }

  @Test("The token comes from the variables before the file, and never with a line feed in it")
  func token() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Array("hf_file\n".utf8), as: "token")
    let home = ["HF_HOME": folder.path.string]
    func token(_ more: [String: String]) -> String? {
      HubEnvironment(home.merging(more) { $1 }).token
    }
    #expect(token([:]) == "hf_file")
    #expect(token(["HF_TOKEN": " hf_variable\r\n"]) == "hf_variable")
    #expect(token(["HUGGING_FACE_HUB_TOKEN": "hf_old"]) == "hf_old")
    #expect(token(["HF_TOKEN": "a\r\nHost: b"]) == "hf_file")
    #expect(token(["HF_TOKEN_PATH": "/nowhere"]) == nil)
    #expect(token(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
  }
}
