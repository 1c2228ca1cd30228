// SPDX-License-Identifier: Apache-2.0
#include <sluice/net/tls.hpp>

#include <array>
#include <utility>

#include "net/tls_context.hpp"
#include "net/tls_reloadable.hpp"
#include "net/tls_sessions.hpp"
#include "net/tls_stream.hpp"

namespace sluice {
namespace net {
namespace {

constexpr std::array<unsigned char, 3> h2_alone{2, 'h', '2'};  // as ALPN writes a list

// OpenSSL's new_session callback: 1 when the session was taken over.
int keep_session(SSL* ssl, SSL_SESSION* offered) noexcept {
  openssl_ptr<SSL_SESSION> session{offered};
  if (SSL_SESSION_is_resumable(offered) != 1) return static_cast<void>(session.release()), 0;
  try {
    tls_engine::of(*ssl).session_offered(std::move(session));
  } catch (std::exception const&) {
    // Without memory for it: the next handshake is a whole one.
  }
  return 1;
}

struct loaded_client {
  explicit loaded_client(tls_client_options from)
      : options{std::move(from)}, context{make_context(TLS_client_method(), options.minimum_version)} {
    files.add(options.roots);
    files.add(options.certificate.chain);
    files.add(options.certificate.key);
    if (options.roots.given()) trust(*context, options.roots, "the roots");
    else trust_system(*context);
    if (options.certificate.chain.given() || options.certificate.key.given())
      use_certificate(*context, options.certificate, "the client");
    SSL_CTX_set_alpn_protos(context.get(), h2_alone.data(), static_cast<unsigned>(h2_alone.size()));
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  }

  tls_client_options options;
  watched_files files;
  openssl_ptr<BIO_METHOD> method = make_records_bio();
  openssl_ptr<SSL_CTX> context;
  std::shared_ptr<tls_sessions> sessions = std::make_shared<tls_sessions>(options.sessions);
};

void prepare(tls_engine& engine, loaded_client const& with, std::string const& name,
             std::string const& peer) {
  engine.expect_server(name, with.options.dangerously_accept_any_server);
  std::string key = name + ' ' + peer;
  if (auto const session = with.sessions->take(key)) SSL_set_session(&engine.ssl(), session.get());
  engine.on_session([sessions = with.sessions, key = std::move(key)](openssl_ptr<SSL_SESSION> session) {
    sessions->put(key, std::move(session));
  });
}

}  // namespace

class tls_client_state : public tls_reloadable<tls_client_options, loaded_client> {
 public:
  using tls_reloadable::tls_reloadable;
};

}  // namespace net

tls_client::tls_client(tls_client_options options)
    : state_{std::make_shared<net::tls_client_state>(std::move(options))} {}

void tls_client::reload(tls_client_options options) const { state_->reload(std::move(options)); }
bool tls_client::reload_if_changed() const { return state_->reload_if_changed(); }

std::unique_ptr<byte_stream> tls_client::wrap(boost::asio::any_io_executor const& executor,
                                              std::unique_ptr<byte_stream> below,
                                              std::string_view server_name) const {
  auto const with = state_->present();
  auto const& own = with->options.server_name;
  std::string const name{own.empty() ? server_name : std::string_view{own}};
  std::string const peer = below->peer();
  return net::make_tls_stream(
      executor, std::move(below),
      {.side = net::tls_side::client,
       .context = with->context.get(),
       .method = with->method.get(),
       .keep = with,
       .prepare = [&](net::tls_engine& engine) { net::prepare(engine, *with, name, peer); }});
}

}  // namespace sluice
