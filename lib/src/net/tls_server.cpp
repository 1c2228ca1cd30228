// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/tls.hpp>

#include <sluice/core/status.hpp>

#include <openssl/x509v3.h>

#include <string>
#include <utility>
#include <vector>

#include "net/tls_context.hpp"
#include "net/tls_reloadable.hpp"
#include "net/tls_stream.hpp"

namespace sluice {
namespace net {
namespace {

/// Sessions are resumed by whoever has a ticket of this server's; a client's certificate is a part of the session.
constexpr std::string_view session_context = "sluice";

struct loaded_server {
  explicit loaded_server(tls_server_options from) : options{std::move(from)} {
    if (options.certificates.empty())
      throw status_error{code::invalid_argument, "TLS: a server needs a certificate"};
    bool const asks = options.clients != client_certificates::ignored;
    if (asks && !options.client_roots.given())
      throw status_error{code::invalid_argument,
                         "TLS: clients' certificates are asked for, and client_roots is not given"};
    files.add(options.client_roots);
    for (auto const& each : options.certificates) contexts.push_back(load(each));
  }

  openssl_ptr<SSL_CTX> load(tls_certificate const& certificate);

  tls_server_options options;
  watched_files files;
  openssl_ptr<BIO_METHOD> method = make_records_bio();
  std::vector<openssl_ptr<SSL_CTX>> contexts;  // one for each certificate; connections begin with the first
};

// ---- OpenSSL's callbacks ---------------------------------------------------------------------------------------------

int refuse(SSL* ssl, int* alert, int with, char const* why) {
  *alert = with;
  tls_engine::of(*ssl).refuse(why);
  return SSL_CLIENT_HELLO_ERROR;
}

// Before anything else: the alert says no_application_protocol also when none was offered.
int look_at_hello(SSL* ssl, int* alert, void*) {
  unsigned char const* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &size) == 1)
    return SSL_CLIENT_HELLO_SUCCESS;
  return refuse(ssl, alert, SSL_AD_NO_APPLICATION_PROTOCOL,
                "the client offers no protocol by ALPN; gRPC needs h2");
}

int choose_protocol(SSL* ssl, unsigned char const** chosen, unsigned char* chosen_size,
                    unsigned char const* offered, unsigned size, void*) {
  for (unsigned at = 0; at + 1 < size; at += 1U + offered[at]) {
    if (offered[at] != 2 || at + 2 >= size || offered[at + 1] != 'h' || offered[at + 2] != '2') continue;
    *chosen = offered + at + 1;
    *chosen_size = 2;
    return SSL_TLSEXT_ERR_OK;
  }
  tls_engine::of(*ssl).refuse("the client does not offer h2 by ALPN, which gRPC needs");
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int choose_certificate(SSL* ssl, int*, void* with) {
  constexpr unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  auto const* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (auto const& each : static_cast<loaded_server const*>(with)->contexts) {
    auto* const certificate = SSL_CTX_get0_certificate(each.get());
    if (X509_check_host(certificate, name, 0, flags, nullptr) != 1) continue;
    SSL_set_SSL_CTX(ssl, each.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

// OpenSSL looks at a client's certificate in the whole handshake only, and each resumption brings a new ticket: without
// this an expired one would do for ever.
SSL_TICKET_RETURN judge_ticket(SSL*, SSL_SESSION* session, unsigned char const*, std::size_t,
                               SSL_TICKET_STATUS found, void*) {
  if (found != SSL_TICKET_SUCCESS && found != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
  auto const* const certificate = SSL_SESSION_get0_peer(session);
  if (certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  return found == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

openssl_ptr<SSL_CTX> loaded_server::load(tls_certificate const& certificate) {
  files.add(certificate.chain);
  files.add(certificate.key);
  auto made = make_context(TLS_server_method(), options.minimum_version);
  SSL_CTX* const context = made.get();
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  use_certificate(*context, certificate, "the server");
  SSL_CTX_set_session_id_context(context, reinterpret_cast<unsigned char const*>(session_context.data()),
                                 session_context.size());
  // Tickets need no memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (options.clients != client_certificates::ignored) {
    trust(*context, options.client_roots, "the clients' roots");
    bool const required = options.clients == client_certificates::required;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  }
  SSL_CTX_set_session_ticket_cb(context, nullptr, judge_ticket, nullptr);
  SSL_CTX_set_client_hello_cb(context, look_at_hello, nullptr);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context, this);
  return made;
}

}  // namespace

class tls_server_state : public tls_reloadable<tls_server_options, loaded_server> {
 public:
  using tls_reloadable::tls_reloadable;
};

}  // namespace net

tls_server::tls_server(tls_server_options options)
    : state_{std::make_shared<net::tls_server_state>(std::move(options))} {}

void tls_server::reload(tls_server_options options) const { state_->reload(std::move(options)); }
bool tls_server::reload_if_changed() const { return state_->reload_if_changed(); }

std::unique_ptr<byte_stream> tls_server::wrap(boost::asio::any_io_executor const& executor,
                                              std::unique_ptr<byte_stream> below) const {
  auto const with = state_->present();
  return net::make_tls_stream(executor, std::move(below),
                              {.side = net::tls_side::server,
                               .context = with->contexts.front().get(),
                               .method = with->method.get(),
                               .keep = with,
                               .handshake_timeout = with->options.handshake_timeout,
                               .prepare = {}});
}

}  // namespace sluice
