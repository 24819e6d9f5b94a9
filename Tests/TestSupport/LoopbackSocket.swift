import Foundation

/// A connection of a server to a client on the same machine.
struct LoopbackSocket: ~Copyable {
  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { Self.close(descriptor) }

  static func close(_ descriptor: Int32) {
    shutdown(descriptor, Int32(SHUT_RDWR))
    Foundation.close(descriptor)
  }

  struct Failure: Error { let code: Int32 }

  /// A socket that listens on a port that was free.
  static func listen() throws -> (socket: Int32, port: UInt16) {
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    let socket = socket(AF_INET, kind, 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, size) == 0 && Foundation.listen(socket, 64) == 0
          && getsockname(socket, address, &size) == 0
      }
    }
    guard socket >= 0, isBound else { throw Failure(code: errno) }
    return (socket, UInt16(bigEndian: place.sin_port))
  }

  /// The head of a request; requests of the hub's clients have no body.
  func request() -> HubServer.Request? {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard head.count < 1 << 16, recv(descriptor, &byte, 1, 0) == 1 else { return nil }
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let first = lines[0].split(separator: " ").map(String.init)
    guard first.count == 3 else { return nil }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return HubServer.Request(method: first[0], target: first[1], fields: fields)
  }

  func send(head line: String, _ fields: [String]) {
    let text = ([line, "Connection: close"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    _ = send(Array(text.utf8)[...])
  }

  func send(_ line: String, _ fields: [String], body: [UInt8]) {
    send(head: line, fields + ["Content-Length: \(body.count)"])
    _ = send(body[...])
  }

  /// - Returns: Whether the client takes more.
  func send(_ bytes: ArraySlice<UInt8>) -> Bool {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, flags)
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
