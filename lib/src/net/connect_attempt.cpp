// SPDX-License-Identifier: Apache-2.0
#include "net/connect_attempt.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "net/socket_name.hpp"

namespace sluice::net {
namespace {

std::error_code system_error(int error) { return {error, std::system_category()}; }

// Connecting to a free port of the range that the system chooses from can end in a connection of the socket
// with itself (a simultaneous open), where "refused" is the truth.
bool talks_to_itself(int fd, address const& where) {
  return where.is_ip() && name_of(fd, &::getpeername) == name_of(fd, &::getsockname);
}

}  // namespace

struct connect_attempt::state : std::enable_shared_from_this<connect_attempt::state> {
  state(asio::any_io_executor const& executor, address to, std::shared_ptr<time_source> t)
      : where{to}, time{std::move(t)}, socket{executor} {}

  std::error_code open() {
    unique_fd fd{::socket(where.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd) return system_error(errno);
    boost::system::error_code error;
    socket.assign(fd.get(), error);
    if (error) return system_error(error.value());
    fd.release();
    return try_once();
  }

  std::error_code try_once() {
    if (::connect(socket.native_handle(), where.data(), where.size()) == 0) return connected();
    int const error = errno;
    if (error == EINPROGRESS || error == EINTR) {
      wait_for_outcome();
      return system_error(EINPROGRESS);
    }
    // A unix socket whose queue is full says "again", and nothing tells when: ask now and then.
    if (error == EAGAIN && !where.is_ip()) {
      if (!retry) retry = time->make_timer(socket.get_executor());
      retry->start(std::chrono::milliseconds{10}, [this] { report(try_once()); });
      return system_error(EINPROGRESS);
    }
    return system_error(error);
  }

  void wait_for_outcome() {
    socket.async_wait(asio::posix::descriptor_base::wait_write, [self = shared_from_this()](
                                                                    boost::system::error_code error) {
      if (error || !self->done) return;
      int outcome = 0;
      socklen_t size = sizeof outcome;
      if (::getsockopt(self->socket.native_handle(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0)
        outcome = errno;
      self->report(outcome == 0 ? self->connected() : system_error(outcome));
    });
  }

  [[nodiscard]] std::error_code connected() {
    return talks_to_itself(socket.native_handle(), where) ? system_error(ECONNREFUSED) : std::error_code{};
  }

  void report(std::error_code outcome) {
    if (outcome.value() == EINPROGRESS) return;
    auto const call = std::exchange(done, nullptr);
    if (call) call(outcome);
  }

  void stop() noexcept {
    done = nullptr;
    if (retry) retry->cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  address where;
  std::shared_ptr<time_source> time;
  asio::posix::stream_descriptor socket;
  std::unique_ptr<timer> retry;
  on_done done;
};

connect_attempt::connect_attempt(asio::any_io_executor const& executor, address where,
                                 std::shared_ptr<time_source> time)
    : state_{std::make_shared<state>(executor, where, std::move(time))} {}

connect_attempt::~connect_attempt() { state_->stop(); }

std::error_code connect_attempt::start(on_done done) {
  state_->done = std::move(done);
  return state_->open();
}

unique_fd connect_attempt::take() { return unique_fd{state_->socket.release()}; }

}  // namespace sluice::net
