import Foundation
import Inference
import SystemPackage
import TestSupport
import Testing

@Suite struct LostWeightsTests {
  @Test("A model that is cut while it runs says no further token", arguments: [0, 4096])
  func truncation(left: Int) throws {
    let folder = try TemporaryFolder()
    let path = try TinyModel().write(to: folder)
    let session = try Session(try Model(path: path), contextLength: 30)
    var sampler = try Sampler(.greedy)
    var tokens = 0
    let failure = #expect(throws: (any Error).self) {
      _ = try session.generate([1, 2, 3], sampler: &sampler) { _ in
        tokens += 1
        if tokens == 2 {
          let cut = path.withPlatformString { truncate($0, off_t(left)) }
          #expect(cut == 0)
        }
        return true
      }
    }
    #expect(tokens == 2)
    #expect("\(try #require(failure))".hasPrefix("the file shrank while it was read"))
  }
}
