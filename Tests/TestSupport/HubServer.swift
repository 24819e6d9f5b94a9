import Crypto
import Foundation
import Synchronization

/// A server that speaks the hub's interface for one repository, `org/model`, and fails where a test wants it to.
///
/// Every connection serves one request.
public final class HubServer: Sendable {
  /// What was asked.
  public struct Request: Sendable {
    public let method: String
    /// With its query, as it came.
    public let target: String
    /// By lowercase name.
    public let fields: [String: String]

    public var isFile: Bool { target.contains("/resolve/") || target.hasPrefix("/cdn/") }
    public var hasToken: Bool { fields["authorization"] != nil }
  }

  /// What goes wrong with one answer.
  public enum Fault: Sendable {
    /// The connection breaks after so many bytes of the body.
    case drop(after: Int)
    /// `Content-Length` says less than the file has, and no more comes.
    case short(Int)
    case status(Int, [String])
    /// `Content-Range` begins so many bytes later than was asked, with the bytes of there.
    case shiftedRange(Int)
    /// The whole file, whatever range was asked.
    case ignoredRange
    /// One byte of the file is another.
    case corrupt(at: Int)
    /// A pause of some seconds before every 64 kB.
    case slow(Double)
    case redirect(to: String)
    /// A body that never ends, of no stated length.
    case endless
    case body(String, [String])
  }

  public static let commit = "0123456789abcdef0123456789abcdef01234567"

  /// `http://127.0.0.1:PORT`
  public let address: String
  public let files: [String: [UInt8]]
  private let socket: Int32
  private let fault: @Sendable (Request, _ number: Int) -> Fault?
  private let log = Mutex<[Request]>([])
  private let sent = Atomic(0)

  /// - Parameters:
  ///   - files: By path; those of 1000 bytes and more are large files to the hub.
  ///   - fault: Says what goes wrong with a request, of which it hears the number, from 0.
  public init(
    _ files: [String: [UInt8]],
    fault: @escaping @Sendable (Request, _ number: Int) -> Fault? = { _, _ in nil }
  ) throws {
    self.files = files
    self.fault = fault
    let (socket, port) = try LoopbackSocket.listen()
    self.socket = socket
    address = "http://127.0.0.1:\(port)"
    // It holds no reference, so that the server can go away.
    Thread.detachNewThread { [weak self] in
      while case let connection = accept(socket, nil, nil), connection >= 0 {
        guard let self else { break }
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  deinit { LoopbackSocket.close(socket) }

  /// All that was asked so far.
  public var requests: [Request] { log.withLock { $0 } }

  /// Bytes of files that went out.
  public var sentByteCount: Int { sent.load(ordering: .relaxed) }

  /// The hub's digest of a file.
  public func digest(_ path: String) -> String {
    let bytes = files[path] ?? []
    guard bytes.count < 1000 else { return Self.hexadecimal(SHA256.hash(data: bytes)) }
    return Self.hexadecimal(
      Insecure.SHA1.hash(data: Array("blob \(bytes.count)\0".utf8) + bytes))
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  private func serve(_ socket: Int32) {
    let connection = LoopbackSocket(socket)
    guard let request = connection.request() else { return }
    let number = log.withLock { log in
      log.append(request)
      return log.count - 1
    }
    let fault = fault(request, number)
    switch fault {
    case .status(let status, let fields):
      return connection.send("HTTP/1.1 \(status) Fault", fields, body: [])
    case .redirect(let target):
      return connection.send(
        "HTTP/1.1 302 Found", ["Location: \(target)"] + linked(request), body: [])
    case .body(let text, let fields):
      return connection.send("HTTP/1.1 200 OK", fields, body: Array(text.utf8))
    default: break
    }
    let path = request.target.split(separator: "?")[0].removingPercentEncoding ?? ""
    if path.hasSuffix("/revision/main") || path.hasSuffix("/revision/" + Self.commit) {
      let names = files.keys.sorted().map { #"{"rfilename":"\#($0)"}"# }
      let body = #"{"sha":"\#(Self.commit)","siblings":[\#(names.joined(separator: ","))]}"#
      connection.send("HTTP/1.1 200 OK", [], body: Array(body.utf8))
    } else if path.contains("/tree/") {
      connection.send("HTTP/1.1 200 OK", [], body: Array(tree.utf8))
    } else if let name = name(of: path), let bytes = files[name] {
      serve(name, bytes, request, fault, on: connection)
    } else {
      connection.send("HTTP/1.1 404 Not Found", ["X-Error-Code: EntryNotFound"], body: [])
    }
  }

  private func name(of path: String) -> String? {
    let prefixes = ["/org/model/resolve/\(Self.commit)/", "/org/model/resolve/main/", "/cdn/"]
    return prefixes.first { path.hasPrefix($0) }.map { String(path.dropFirst($0.count)) }
  }

  private func linked(_ request: Request) -> [String] {
    let path = request.target.split(separator: "?")[0].removingPercentEncoding ?? ""
    guard let name = name(of: path), let bytes = files[name] else { return [] }
    return [
      "X-Repo-Commit: \(Self.commit)", "X-Linked-Etag: \"\(digest(name))\"",
      "X-Linked-Size: \(bytes.count)",
    ]
  }

  private var tree: String {
    let entries = files.sorted { $0.key < $1.key }.map { path, bytes in
      let large =
        bytes.count < 1000
        ? "" : #","lfs":{"oid":"\#(digest(path))","size":\#(bytes.count),"pointerSize":134}"#
      let blob = bytes.count < 1000 ? digest(path) : String(repeating: "a", count: 40)
      return #"{"type":"file","path":"\#(path)","oid":"\#(blob)","size":\#(bytes.count)\#(large)}"#
    }
    return "[" + entries.joined(separator: ",") + "]"
  }

  private func serve(
    _ name: String, _ bytes: [UInt8], _ request: Request, _ fault: Fault?,
    on connection: borrowing LoopbackSocket
  ) {
    var bytes = bytes
    var range = request.range(in: bytes.count)
    var fields = ["ETag: \"\(digest(name))\"", "X-Repo-Commit: \(Self.commit)"]
    var limit = Int.max
    var pause = 0.0
    switch fault {
    case .drop(let count): limit = count
    case .shiftedRange(let shift):
      range = range.map { min($0.lowerBound + shift, bytes.count - 1)..<$0.upperBound }
    case .ignoredRange: range = nil
    case .corrupt(let place): bytes[place] ^= 1
    case .slow(let seconds): pause = seconds
    case .short(let count):
      let part = range ?? 0..<bytes.count
      bytes = Array(bytes[..<(part.lowerBound + min(count, part.count))])
      range = range == nil ? nil : part.lowerBound..<bytes.count
    case .endless:
      connection.send(head: "HTTP/1.1 200 OK", [])
      let zeros = [UInt8](repeating: 0, count: 1 << 16)
      while connection.send(zeros[...]) { sent.add(zeros.count, ordering: .relaxed) }
      return
    default: break
    }
    let part = range ?? 0..<bytes.count
    fields.append("Content-Length: \(part.count)")
    if let range {
      fields.append(
        "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(files[name]?.count ?? 0)"
      )
    }
    connection.send(head: range == nil ? "HTTP/1.1 200 OK" : "HTTP/1.1 206 Partial Content", fields)
    guard request.method == "GET" else { return }
    var place = part.lowerBound
    let end = min(part.upperBound, limit == .max ? .max : part.lowerBound + limit)
    while place < end {
      if pause > 0 { Thread.sleep(forTimeInterval: pause) }
      let step = bytes[place..<min(place + 1 << 16, end)]
      guard connection.send(step) else { return }
      sent.add(step.count, ordering: .relaxed)
      place += step.count
    }
  }
}

extension HubServer.Request {
  fileprivate func range(in byteCount: Int) -> Range<Int>? {
    guard let text = fields["range"], text.hasPrefix("bytes=") else { return nil }
    let ends = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, ends[0] <= ends[1], ends[0] < byteCount else { return nil }
    return ends[0]..<min(ends[1] + 1, byteCount)
  }
}
