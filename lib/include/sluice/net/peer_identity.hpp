// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sluice {

/// What TLS knows about a connection: how it is protected, and whom the other end's certificate names.
///
/// A connection without TLS has none. With TLS and without a certificate of the peer's (a client that was asked for
/// none), `has_certificate` is false and the names are empty.
///
/// Decide by the names only where `verified` is true: else the bytes are encrypted, and nobody knows to whom. (What
/// grpc-go calls VerifiedChains, and grpc C++ IsPeerAuthenticated.)
struct peer_identity {
  std::string protocol = {};  ///< "TLSv1.2" or "TLSv1.3"
  std::string cipher = {};  ///< by its IANA name, "TLS_AES_256_GCM_SHA384"
  bool resumed = false;  ///< an earlier session was taken up: the certificate was verified then
  bool has_certificate = false;
  /// The certificate leads to a root that we trust, and a server's bears the name that was called. False without a
  /// certificate, and with tls_client_options::dangerously_accept_any_server whatever the certificate is.
  bool verified = false;
  std::string subject = {};  ///< RFC 2253: "CN=reader,O=Example"
  std::string common_name = {};  ///< the subject's first CN
  // The subject's alternative names.
  std::vector<std::string> dns_names = {};
  std::vector<std::string> uris = {};  ///< a SPIFFE id is one of these
  std::vector<std::string> ip_addresses = {};  ///< "192.0.2.1", "2001:db8::1"
  std::vector<std::string> emails = {};
};

}  // namespace sluice
