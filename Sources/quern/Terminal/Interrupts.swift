import Foundation
import Inference
import LineEditing
import MappedFiles
import Synchronization
import Workers

/// Ends the program cleanly on ctrl-C: what cannot be continued goes, the exit code is 130. The same
/// for a request to end (143) and a terminal that is closed (129).
enum Interrupts {
  /// The answer that ctrl-C ends, in place of the program.
  private static let answer = Mutex<Interruption?>(nil)

  /// Runs `body`, which the first ctrl-C ends through the interruption; a second one ends the program.
  static func ending<Value>(
    _ interruption: Interruption, _ body: () throws -> Value
  ) rethrows -> Value {
    answer.withLock { $0 = interruption }
    defer { answer.withLock { $0 = nil } }
    return try body()
  }

  /// Call first of all: threads that start later inherit the blocked signals, so that only the
  /// waiting thread sees them and may do what a signal handler may not.
  static func install() {
    var signals = sigset_t()
    sigemptyset(&signals)
    // Who runs us may have asked that a signal be ignored, as nohup does.
    for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) {
      sigaddset(&signals, signal)
    }
    // A limit on file sizes is then an error of the write, with a path, and not the end.
    signal(SIGXFSZ, SIG_IGN)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let waited = signals
    let thread = OwnedThread {
      var waited = waited
      var signal: Int32 = 0
      repeat {
        guard sigwait(&waited, &signal) == 0 else { return }
      } while signal == SIGINT && endAnswer()
      Unfinished.discardAll()
      TerminalMode.restore()
      if StandardError.isTerminal { StandardError.write("\n") }
      if StagedOutput.isAnyUnfinished {
        StandardError.writeLine("quern: interrupted; the same command goes on from here")
      }
      _exit(128 + signal)
    }
    guard let thread else {
      // Nobody waits for them: they end the program as they end any.
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      return
    }
    thread.detach()
  }

  /// - Returns: Whether there was one that nobody ended yet.
  private static func endAnswer() -> Bool {
    guard let interruption = answer.withLock({ $0.take() }) else { return false }
    interruption.interrupt()
    return true
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    // SIG_IGN is an address that no function has, which Swift cannot compare.
    return unsafeBitCast(handler, to: Int.self) == 1
  }
}
