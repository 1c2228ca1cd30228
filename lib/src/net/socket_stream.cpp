// SPDX-License-Identifier: Apache-2.0
#include "net/socket_stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "net/handler_memory.hpp"
#include "net/socket_name.hpp"

namespace sluice::net {
namespace {

/// Outlives the stream while a wait is under way, because the wait's memory is in here.
struct socket_state {
  explicit socket_state(asio::any_io_executor ex, unique_fd fd)
      : executor{std::move(ex)}, unregistered{std::move(fd)} {}

  [[nodiscard]] int fd() const noexcept { return unregistered ? unregistered.get() : native; }

  /// Hands the socket to the reactor, once.
  void enroll() {
    if (!unregistered) return;
    boost::system::error_code error;
    descriptor.emplace(executor);
    descriptor->assign(unregistered.get(), error);
    if (error) {
      descriptor.reset();
      broken = std::error_code{error.value(), std::system_category()};
    } else {
      native = unregistered.release();
    }
  }

  void close() noexcept {
    closed = true;
    native = -1;
    descriptor.reset();
    unregistered.reset();
  }

  asio::any_io_executor executor;
  unique_fd unregistered;  // until the first wait
  std::optional<asio::posix::stream_descriptor> descriptor;
  int native = -1;
  std::error_code broken;
  bool closed = false;
  std::array<handler_memory, 2> memory;
};

struct wait_handler {
  using allocator_type = handler_allocator<void>;
  [[nodiscard]] allocator_type get_allocator() const noexcept {
    return allocator_type{state->memory[static_cast<std::size_t>(direction)]};
  }
  void operator()(boost::system::error_code error) const {
    if (state->closed || error == asio::error::operation_aborted) return;
    waiter->ready(direction);
  }

  std::shared_ptr<socket_state> state;
  std::shared_ptr<io_waiter> waiter;
  io_direction direction;
};

io_result failed(int error) noexcept {
  io_result result;
  if (error == EAGAIN || error == EWOULDBLOCK) result.would_block = true;
  else result.error = std::error_code{error, std::system_category()};
  return result;
}

class socket_stream final : public byte_stream {
 public:
  socket_stream(asio::any_io_executor executor, unique_fd socket)
      : peer_{name_of(socket.get(), &::getpeername).to_string()},
        local_{name_of(socket.get(), &::getsockname).to_string()},
        state_{std::make_shared<socket_state>(std::move(executor), std::move(socket))} {}
  ~socket_stream() override { close(); }

  io_result read(std::span<std::byte> into) noexcept override {
    if (auto const error = unusable()) return failed(error);
    if (into.empty()) return {};
    for (;;) {
      auto const count = ::recv(state_->fd(), into.data(), into.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed(errno);
      io_result result;
      result.bytes = static_cast<std::size_t>(count);
      result.end = count == 0;
      return result;
    }
  }

  io_result write(std::span<bytes_view const> pieces) noexcept override {
    if (auto const error = unusable()) return failed(error);
    std::array<iovec, 128> gathered;
    std::size_t count = 0;
    for (auto const piece : pieces) {
      if (count == gathered.size()) break;
      // The system only reads what an iovec of a send points to.
      if (!piece.empty()) gathered[count++] = iovec{const_cast<std::byte*>(piece.data()), piece.size()};
    }
    if (count == 0) return {};
    msghdr message{};
    message.msg_iov = gathered.data();
    message.msg_iovlen = count;
    for (;;) {
      auto const sent = ::sendmsg(state_->fd(), &message, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return failed(errno);
      io_result result;
      result.bytes = static_cast<std::size_t>(sent);
      return result;
    }
  }

  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    if (state_->closed) return;
    state_->enroll();
    if (!state_->descriptor) {  // the reactor refused: the next attempt says why
      asio::post(state_->executor, [state = state_, waiter = std::move(waiter), direction] {
        if (!state->closed) waiter->ready(direction);
      });
      return;
    }
    auto const what = direction == io_direction::read ? asio::posix::descriptor_base::wait_read
                                                      : asio::posix::descriptor_base::wait_write;
    state_->descriptor->async_wait(what, wait_handler{state_, std::move(waiter), direction});
  }

  void shutdown_write() noexcept override {
    if (!state_->closed) ::shutdown(state_->fd(), SHUT_WR);
  }

  void close() noexcept override { state_->close(); }

  std::string peer() const override { return peer_; }
  std::string local() const override { return local_; }

 private:
  [[nodiscard]] int unusable() const noexcept { return state_->closed ? EBADF : state_->broken.value(); }

  std::string peer_;
  std::string local_;
  std::shared_ptr<socket_state> state_;
};

}  // namespace

std::unique_ptr<byte_stream> make_socket_stream(asio::any_io_executor executor, unique_fd socket) {
  int const flags = ::fcntl(socket.get(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK);
  int const on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof on);  // fails on a unix socket, which has no delay
  return std::make_unique<socket_stream>(std::move(executor), std::move(socket));
}

}  // namespace sluice::net
