import Foundation
import MappedFiles

/// Ends the program cleanly on ctrl-C: what cannot be continued goes, the exit code is 130.
enum Interrupts {
  /// Call first of all: threads that start later inherit the blocked signals, so that only the
  /// waiting thread sees them and may do what a signal handler may not.
  static func install() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let waited = signals
    let thread = Thread {
      var waited = waited
      var signal: Int32 = 0
      guard sigwait(&waited, &signal) == 0 else { return }
      Unfinished.discardAll()
      if StandardError.isTerminal { StandardError.write("\n") }
      if StagedOutput.isAnyUnfinished {
        StandardError.writeLine("quern: interrupted; the same command goes on from here")
      }
      _exit(128 + signal)
    }
    thread.stackSize = 256 << 10
    thread.start()
  }
}
