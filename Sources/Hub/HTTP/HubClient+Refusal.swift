extension HubClient {
  /// What an answer that is no success says of a repository.
  ///
  /// - Source: `hf_raise_for_status` of huggingface_hub 2.4: `X-Error-Code` names the reason.
  func refusal(_ head: HTTPHead, _ reference: HubReference, file: String? = nil) -> any Error {
    let name = reference.repository
    switch (head.status, head["x-error-code"]) {
    case (_, "GatedRepo"):
      return HubError(
        name, .gated(tokenWasSent: hasToken, page: "\(endpoint)/\(name)"))
    case (_, "RevisionNotFound"):
      return HubError(name, .noSuchRevision(reference.revision))
    case (_, "RepoNotFound"):
      return HubError(name, .noSuchRepository(tokenWasSent: hasToken))
    case (401, _):
      let isRefused = head["x-error-message"]?.hasPrefix("Invalid credentials") ?? false
      return HubError(
        name, isRefused ? .tokenRefused : .noSuchRepository(tokenWasSent: hasToken))
    case (403, _):
      return HubError(name, .forbidden(head["x-error-message"] ?? ""))
    case (404, _):
      return HubError(
        name, file.map { .noSuchFile($0) } ?? .noSuchRepository(tokenWasSent: hasToken))
    default:
      return head.refusal
    }
  }
}

extension HubError {
  init(_ repository: String?, of error: TransferError, file: String?) {
    switch error {
    case .malformed(let what): self.init(repository, .malformed(what))
    default:
      self.init(
        repository,
        .transfer(error.description, file: file, isUnreachable: error.isUnreachable))
    }
  }
}
