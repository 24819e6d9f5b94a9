internal import Kernels
internal import Workers

/// A batch of consecutive tokens on its way through the layers.
///
/// The blocks of this folder are its methods; each is one parallel loop or, for one token, a plain
/// call. They read and write the workspace.
struct Pass {
  let tokenCount: Int
  /// Position of the first token in the sequence.
  let position: Int
  let dimensions: ModelDimensions
  let workspace: Workspace
  let cache: KeyValueCache
  let pool: WorkerPool
  let kernels: Kernels

  /// Tokens of a chunk when work is split over tokens: few, so that workers finish together, and whole
  /// tiles of packed rows, so that they share no cache line.
  var tokenChunk: Int { min(12, max(1, tokenCount / (pool.workerCount * 4))) }
}
