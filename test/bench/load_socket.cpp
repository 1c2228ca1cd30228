// SPDX-License-Identifier: Apache-2.0
#include "load_socket.hpp"

#include "program.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace bench {
namespace {

void set(int socket, int level, int name) {
  int const on = 1;
  ::setsockopt(socket, level, name, &on, sizeof on);
}

int connect_to(std::uint16_t port, unsigned source) {
  int const made = ::socket(AF_INET, SOCK_STREAM, 0);
  if (made < 0) fail(std::string("socket: ") + std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source % 200);
  set(made, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  if (::bind(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(std::string("bind: ") + std::strerror(errno));
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(std::string("connect: ") + std::strerror(errno));
  set(made, IPPROTO_TCP, TCP_NODELAY);
  ::fcntl(made, F_SETFL, O_NONBLOCK);
  return made;
}

SSL_CTX* make_context() {
  auto* const made = SSL_CTX_new(TLS_client_method());
  if (!made) fail("OpenSSL gives no context");
  SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
  SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(made, 1);
  SSL_CTX_set_default_read_buffer_len(made, std::size_t{256} * 1024);
  unsigned char const h2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(made, h2, sizeof h2);
  return made;
}

}  // namespace

load_tls::load_tls(std::string const& directory)
    : context_(directory.empty() ? nullptr : make_context(), &SSL_CTX_free) {}

load_socket::load_socket(std::uint16_t port, load_tls const& tls, unsigned source)
    : socket_(connect_to(port, source)), tls_(tls.get() ? SSL_new(tls.get()) : nullptr, &SSL_free) {
  if (!tls_) return;
  SSL_set_fd(tls_.get(), socket_);
  SSL_set_connect_state(tls_.get());  // reading and writing go on with the handshake
}

load_socket::~load_socket() { ::close(socket_); }

std::size_t load_socket::receive(std::uint8_t* into, std::size_t size) {
  if (tls_) {
    ERR_clear_error();
    return done(SSL_read(tls_.get(), into, static_cast<int>(std::min<std::size_t>(size, INT_MAX))),
                "SSL_read");
  }
  auto const got = ::recv(socket_, into, size, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0)
    fail(got == 0 ? "the server closed the connection" : std::string("recv: ") + std::strerror(errno));
  return static_cast<std::size_t>(got);
}

std::size_t load_socket::send(std::uint8_t const* from, std::size_t size) {
  if (tls_) {
    ERR_clear_error();
    return done(SSL_write(tls_.get(), from, static_cast<int>(std::min<std::size_t>(size, INT_MAX))),
                "SSL_write");
  }
  auto const sent = ::send(socket_, from, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) fail(std::string("send: ") + std::strerror(errno));
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

std::size_t load_socket::done(int result, char const* what) {
  must_read_first_ = false;
  if (result > 0) return static_cast<std::size_t>(result);
  auto const error = SSL_get_error(tls_.get(), result);
  if (error == SSL_ERROR_WANT_WRITE) return 0;
  if (error != SSL_ERROR_WANT_READ) {
    auto const* const reason = ERR_reason_error_string(ERR_peek_error());
    fail(std::string(what) + ": " + (reason ? reason : "the server closed the connection"));
  }
  must_read_first_ = !SSL_is_init_finished(tls_.get());
  return 0;
}

}  // namespace bench
