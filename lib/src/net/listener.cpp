// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include <sys/socket.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "net/socket_stream.hpp"
#include "net/user_timeout.hpp"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;
constexpr duration shortest_pause = 10ms;
constexpr duration longest_pause = 1s;

int system_accept(int fd) { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

// These end one connection, not the listener: the peer went away while it was queued, or accept(2) passes on
// an error of its network.
bool concerns_one_connection(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:  // a firewall's rule
      return true;
    default: return false;
  }
}

}  // namespace

struct listener::state : std::enable_shared_from_this<listener::state> {
  struct port {
    port(asio::any_io_executor const& executor, listening_socket s)
        : readiness{executor}, socket{std::move(s)} {}
    ~port() { close(); }
    // Explicit, because a wait that is under way keeps the port for a while.
    void close() noexcept {
      readiness.release();
      socket.reset();
    }
    asio::posix::stream_descriptor readiness;  // watches; the listening_socket owns
    std::optional<listening_socket> socket;
    bool waiting = false;
  };

  state(asio::any_io_executor ex, listen_options opts, on_accept callback)
      : executor{std::move(ex)}, options{std::move(opts)}, accepted{std::move(callback)} {
    if (!options.time) options.time = real_time();
    if (!options.accept) options.accept = system_accept;
    back_off = options.time->make_timer(executor);
  }

  void wait_all() {
    for (auto const& each : ports) wait(each);
  }

  void wait(std::shared_ptr<port> const& on) {
    if (closed || paused || backing_off || on->waiting) return;
    on->waiting = true;
    on->readiness.async_wait(asio::posix::descriptor_base::wait_read,
                             [self = shared_from_this(), on](boost::system::error_code error) {
                               on->waiting = false;
                               if (!error) self->accept_batch(on);
                             });
  }

  void accept_batch(std::shared_ptr<port> const& on) {
    for (std::size_t i = 0; i < options.batch; ++i) {
      if (closed || paused || backing_off) return;
      unique_fd fd{options.accept(on->socket->fd())};
      if (!fd) {
        int const error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK) break;
        if (concerns_one_connection(error)) continue;
        pause_for(error);
        return;
      }
      next_pause = shortest_pause;
      set_user_timeout(fd.get(), options.user_timeout);
      try {
        auto const where = options.executor_for_connection ? options.executor_for_connection() : executor;
        accepted(make_socket_stream(where, std::move(fd)));
      } catch (std::bad_alloc const&) {  // this connection is given up; the next ones are accepted
      }
    }
    wait(on);
  }

  void pause_for(int error) {
    backing_off = true;
    if (options.log) {
      options.log(log_level::warning, "accept: " + std::system_category().message(error) +
                                          ((error == EMFILE || error == ENFILE) ? " (see ulimit -n)" : "") +
                                          "; trying again in " + describe(next_pause));
    }
    back_off->start(next_pause, [weak = weak_from_this()] {
      auto const self = weak.lock();
      if (!self) return;
      self->backing_off = false;
      self->wait_all();
    });
    next_pause = std::min(next_pause * 2, longest_pause);
  }

  void close() noexcept {
    closed = true;
    back_off->cancel();
    for (auto const& each : ports) each->close();
    ports.clear();
  }

  asio::any_io_executor executor;
  listen_options options;
  on_accept accepted;
  std::vector<std::shared_ptr<port>> ports;
  std::vector<address> bound;
  std::unique_ptr<timer> back_off;
  duration next_pause = shortest_pause;
  bool paused = false;
  bool backing_off = false;
  bool closed = false;
};

result<std::unique_ptr<listener>, std::string> listener::open(asio::any_io_executor executor,
                                                              std::vector<address> const& addresses,
                                                              listen_options options, on_accept accepted) {
  auto sockets = bind_all(addresses, options.bind);
  if (!sockets) return sockets.error();
  auto made = std::make_shared<state>(executor, std::move(options), std::move(accepted));
  for (auto& socket : *sockets) {
    auto const where = socket.bound();
    auto each = std::make_shared<state::port>(executor, std::move(socket));
    boost::system::error_code error;
    each->readiness.assign(each->socket->fd(), error);
    if (error) return "cannot listen on " + where.to_string() + ": " + error.message();
    made->bound.push_back(where);
    made->ports.push_back(std::move(each));
  }
  made->wait_all();
  return std::unique_ptr<listener>{new listener{std::move(made)}};
}

result<std::unique_ptr<listener>, std::string> listener::open(asio::any_io_executor executor,
                                                              std::string_view text, listen_options options,
                                                              on_accept accepted) {
  auto const addresses = parse_listen_address(text);
  if (!addresses) return addresses.error();
  return open(std::move(executor), *addresses, std::move(options), std::move(accepted));
}

listener::listener(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}
listener::~listener() { close(); }

std::vector<address> const& listener::bound() const noexcept { return state_->bound; }

void listener::pause() noexcept { state_->paused = true; }

void listener::resume() {
  state_->paused = false;
  state_->wait_all();
}

void listener::close() noexcept { state_->close(); }

}  // namespace sluice::net
