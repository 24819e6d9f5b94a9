internal import GGUF
import MappedFiles
import Synchronization
internal import TensorCore
internal import Workers

/// Reads files ahead on a thread of its own, until all is there or this object goes.
final class Prefetch: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let stop = Flag()
  private let thread: OwnedThread?

  /// - Parameter stretches: Read in this order.
  init(_ stretches: [FileStretch]) {
    let stop = stop
    thread = OwnedThread {
      for stretch in stretches {
        stretch.file.prefetch(stretch.bytes) { stop.isSet.load(ordering: .relaxed) }
      }
    }
  }

  deinit {
    stop.isSet.store(true, ordering: .relaxed)
    thread?.join()
  }
}

/// Bytes of a file.
struct FileStretch: Sendable {
  let file: MappedFile
  var bytes: Range<Int>
}

extension GGUFSet {
  /// What every token needs, file by file: all but the experts, of which each token is sent to few.
  var neededByEveryToken: [FileStretch] {
    files.flatMap { gguf in
      var stretches: [FileStretch] = []
      var start = 0
      for tensor in gguf.tensors.sorted(by: { $0.offset < $1.offset }) where tensor.isExpertStack {
        stretches.append(FileStretch(file: gguf.file, bytes: start..<max(start, tensor.offset)))
        start = tensor.offset + tensor.byteCount
      }
      let end = max(start, gguf.file.byteCount)
      stretches.append(FileStretch(file: gguf.file, bytes: start..<end))
      return stretches.filter { !$0.bytes.isEmpty }
    }
  }
}

extension GGUFSet {
  /// Asks the system to read no page of a mixture of experts that is not touched: around those that are, it would
  /// read megabytes of experts that nobody chose.
  func leaveExperts() {
    guard tensors.contains(where: \.isExpertStack) else { return }
    for gguf in files { gguf.file.advise(.random, 0..<gguf.file.byteCount) }
  }

  /// Lets the system read on where it reads what every token needs, for models that are not read ahead.
  func readDenseParts() {
    guard tensors.contains(where: \.isExpertStack) else { return }
    for stretch in neededByEveryToken { stretch.file.advise(.normal, stretch.bytes) }
  }
}

extension GGUFTensor {
  /// Whether it is the matrices of a layer's experts, which lie one after another.
  fileprivate var isExpertStack: Bool {
    shape.dimensions.count == 3 && name.hasSuffix("_exps.weight")
  }
}
