// SPDX-License-Identifier: Apache-2.0
#include "net/tls_engine.hpp"

#include <sluice/net/address.hpp>

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <utility>

#include "net/certificate.hpp"
#include "net/tls_error.hpp"

namespace sluice::net {

// The BIO between OpenSSL and the records. OpenSSL reads into its own buffer and decrypts there: nothing is copied on
// the way in.
struct records_bio {
  static tls_engine& engine_of(BIO* bio) noexcept { return *static_cast<tls_engine*>(BIO_get_data(bio)); }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    auto& engine = engine_of(bio);
    BIO_clear_retry_flags(bio);
    *got = 0;
    if (engine.pull_ended_ || engine.pull_error_) return 0;
    auto const result = engine.records_.pull({reinterpret_cast<std::byte*>(into), size});
    engine.pull_error_ = result.error;
    engine.pull_ended_ = result.end;
    if (result.would_block) BIO_set_retry_read(bio);
    if (result.bytes == 0) return 0;
    auto const news = std::min(result.bytes, engine.first_.size() - engine.first_size_);
    std::copy_n(into, news, engine.first_.data() + engine.first_size_);
    engine.first_size_ += news;
    *got = result.bytes;
    return 1;
  }

  static int write(BIO* bio, char const* from, std::size_t size, std::size_t* put) {
    BIO_clear_retry_flags(bio);
    bool const taken = engine_of(bio).records_.push(as_bytes(std::string_view{from, size}));
    *put = taken ? size : 0;
    return taken ? 1 : 0;
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return engine_of(bio).pull_ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

openssl_ptr<BIO_METHOD> make_records_bio() {
  openssl_ptr<BIO_METHOD> made{BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sluice records")};
  if (!made) throw std::bad_alloc{};
  BIO_meth_set_create(made.get(), records_bio::create);
  BIO_meth_set_read_ex(made.get(), records_bio::read);
  BIO_meth_set_write_ex(made.get(), records_bio::write);
  BIO_meth_set_ctrl(made.get(), records_bio::control);
  return made;
}

namespace {

// A fatal alert, protocol_version, that a peer without TLS can at least recognize as TLS.
constexpr std::string_view alert_for_plaintext{"\x15\x03\x03\x00\x02\x02\x46", 7};

bool is_http1(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 7> methods{"GET ",     "POST ",   "HEAD ",   "PUT ",
                                                    "OPTIONS ", "DELETE ", "CONNECT "};
  return std::any_of(methods.begin(), methods.end(),
                     [text](std::string_view m) { return text.starts_with(m); });
}

}  // namespace

int tls_engine::remember_refused(int accepted, X509_STORE_CTX* verifying) noexcept {
  if (accepted == 1 || X509_STORE_CTX_get_error_depth(verifying) != 0) return accepted;
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verifying, SSL_get_ex_data_X509_STORE_CTX_idx()));
  try {
    read_certificate(*X509_STORE_CTX_get0_cert(verifying), of(*ssl).refused_);
  } catch (std::exception const&) {
    // The message will name nobody.
  }
  return accepted;
}

tls_engine::tls_engine(tls_side side, SSL_CTX& context, BIO_METHOD const& method, tls_records& records)
    : side_{side}, records_{records}, ssl_{SSL_new(&context)} {
  BIO* const bio = ssl_ ? BIO_new(&method) : nullptr;
  if (bio == nullptr) throw std::bad_alloc{};
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_msg_callback(ssl_.get(), count_message);
  if (side == tls_side::client) SSL_set_connect_state(ssl_.get());
  else SSL_set_accept_state(ssl_.get());
}

tls_engine::~tls_engine() = default;

void tls_engine::expect_server(std::string_view name, bool accept_any) {
  if (name.ends_with('.')) name.remove_suffix(1);
  server_name_ = name;
  bool const is_ip = address::from_ip(name, 0).has_value();
  if (!is_ip && !name.empty()) SSL_set_tlsext_host_name(ssl_.get(), server_name_.c_str());
  if (accept_any) return SSL_set_verify(ssl_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, remember_refused);
  SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  auto* const parameters = SSL_get0_param(ssl_.get());
  bool const set = is_ip ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name_.c_str()) == 1
                         : !name.empty() && SSL_set1_host(ssl_.get(), server_name_.c_str()) == 1;
  // Without a name OpenSSL would take any that the roots vouch for.
  if (!set) fail("there is no server name to verify: set authority, or tls_client_options::server_name");
}

void tls_engine::fail(std::string why) noexcept {
  if (phase_ == phase::failed) return;
  phase_ = phase::failed;
  failure_ = std::move(why);
}

// ---- the handshake ---------------------------------------------------------------------------------------------------

tls_engine::outcome tls_engine::handshake() noexcept {
  if (phase_ != phase::handshaking) return phase_ == phase::open ? outcome::done : outcome::failed;
  ERR_clear_error();
  int const result = SSL_do_handshake(ssl_.get());
  if (result != 1) return give_up(result);
  if (!chose_h2()) {
    shutdown();
    fail("the peer did not choose h2 by ALPN, which gRPC needs");
    return outcome::failed;
  }
  phase_ = phase::open;
  keep_old_session();
  return outcome::done;
}

// TLS 1.2 resumes one session again and again, and its server offers a new one rarely.
void tls_engine::keep_old_session() noexcept {
  if (side_ == tls_side::server || SSL_version(ssl_.get()) > TLS1_2_VERSION) return;
  if (SSL_session_reused(ssl_.get()) != 1) return;
  try {
    session_offered(openssl_ptr<SSL_SESSION>{SSL_get1_session(ssl_.get())});
  } catch (std::exception const&) {
    // Without memory for it: the next handshake is a whole one.
  }
}

bool tls_engine::chose_h2() const noexcept {
  unsigned char const* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size == 2 && name[0] == 'h' && name[1] == '2';
}

// Behind the handshake come a few tickets and key updates. A peer that sends such messages and no data makes us work, and
// with TLS 1.2 answer each one.
void tls_engine::count_message(int sent, int, int type, void const*, std::size_t, SSL* ssl, void*) noexcept {
  constexpr int most = 64;
  auto& me = of(*ssl);
  if (sent != 0 || type != SSL3_RT_HANDSHAKE || me.phase_ != phase::open || ++me.useless_ <= most) return;
  me.refuse("the peer sent more than 64 handshake messages without data");
  me.pull_error_ = std::make_error_code(std::errc::connection_aborted);  // nothing more is read
}

// ---- bytes -----------------------------------------------------------------------------------------------------------

tls_engine::outcome tls_engine::read(std::span<std::byte> into, std::size_t& bytes) noexcept {
  ERR_clear_error();
  int const result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
  if (pull_error_ && !refusal_.empty()) return give_up(result);
  if (result == 1) useless_ = 0;
  return result == 1 ? outcome::done : give_up(result);
}

void tls_engine::advance() noexcept {
  ERR_clear_error();
  std::byte ignored{};
  std::size_t seen = 0;
  if (int const result = SSL_peek_ex(ssl_.get(), &ignored, 1, &seen); result != 1)
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL) static_cast<void>(give_up(result));
}

tls_engine::outcome tls_engine::write(bytes_view plaintext) noexcept {
  ERR_clear_error();
  std::size_t written = 0;
  int const result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written);
  return result == 1 ? outcome::done : give_up(result);
}

void tls_engine::shutdown() noexcept {
  if (phase_ == phase::failed || SSL_in_init(ssl_.get()) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

// ---- why not ---------------------------------------------------------------------------------------------------------

tls_engine::outcome tls_engine::give_up(int result) noexcept {
  int const error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ && !pull_error_) return outcome::blocked;
  if (error == SSL_ERROR_ZERO_RETURN) {
    if (phase_ == phase::open) return outcome::end;
    refuse("the peer ended the connection during the handshake");
  }
  try {
    if (phase_ == phase::handshaking && side_ == tls_side::server && is_foreign())
      static_cast<void>(records_.push(as_bytes(alert_for_plaintext)));
    fail(explain(error));
  } catch (std::exception const&) { fail({}); }
  return outcome::failed;
}

std::string tls_engine::explain(int error) {
  if (!refusal_.empty()) return std::move(refusal_);
  if (pull_error_) return pull_error_.message();
  if (is_foreign()) return explain_foreign();
  if (phase_ == phase::handshaking && pull_ended_) {
    std::string text = "the peer closed the connection during the handshake";
    if (first_size_ == 0 && side_ == tls_side::client) text += "; does it speak TLS on this port?";
    return text;
  }
  auto const first = ERR_peek_error();
  if (ERR_GET_LIB(first) == ERR_LIB_SSL && ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return explain_certificate();
  if (first == 0) return "error " + std::to_string(error) + " of OpenSSL's";
  return take_openssl_error();
}

std::string tls_engine::explain_certificate() {
  ERR_clear_error();
  auto const why = SSL_get_verify_result(ssl_.get());
  std::string text = std::string{"certificate verify failed: "} + X509_verify_cert_error_string(why);
  if (why != X509_V_ERR_HOSTNAME_MISMATCH && why != X509_V_ERR_IP_ADDRESS_MISMATCH) return text;
  text += ": wanted " + server_name_ + ", the certificate is for";
  for (auto const& each : refused_.dns_names) text += " " + each;
  for (auto const& each : refused_.ip_addresses) text += " " + each;
  if (refused_.dns_names.empty() && refused_.ip_addresses.empty()) text += " no host";
  if (text.size() > 512) text = text.substr(0, 512) + "...";
  return text;
}

bool tls_engine::is_foreign() const noexcept {
  if (first_size_ == 0) return false;
  bool const record = first_[0] >= 0x14 && first_[0] <= 0x17;
  return !record || (first_size_ > 1 && first_[1] != 0x03);
}

std::string tls_engine::explain_foreign() {
  std::string_view const text{first_.data(), first_size_};
  if (side_ == tls_side::server) {
    if (text.starts_with("PRI *")) return "the client speaks HTTP/2 without TLS, this port expects TLS";
    if (is_http1(text)) return "the client speaks HTTP/1.1 without TLS, this port expects TLS";
    return "the client does not speak TLS";
  }
  if (text.starts_with("HTTP/")) return "the server speaks HTTP/1.1 without TLS on this port";
  bool const settings = first_size_ >= 4 && text[0] == 0 && text[3] == 4;
  return settings ? "the server speaks HTTP/2 without TLS on this port"
                  : "the server does not speak TLS on this port";
}

peer_identity tls_engine::identity() const {
  peer_identity made;
  made.protocol = SSL_get_version(ssl_.get());
  made.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get()));
  made.resumed = SSL_session_reused(ssl_.get()) == 1;
  auto const* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return made;
  read_certificate(*certificate, made);
  // OpenSSL looks at it in any case; without this mode nobody asked for the name, nor heeds the result.
  made.verified = (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) != 0 &&
                  SSL_get_verify_result(ssl_.get()) == X509_V_OK;
  return made;
}

}  // namespace sluice::net
