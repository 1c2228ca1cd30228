// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/deadline.hpp>
#include <sluice/net/byte_stream.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace sluice {

struct asio_stream_options {
  std::size_t read_buffer = 64 * 1024;   ///< bytes; what one read of the stream may bring
  std::size_t write_buffer = 64 * 1024;  ///< bytes accepted and not yet taken by the stream
  /// How long `close` lets bytes that were accepted go on to leave, as a socket's close does.
  duration linger = std::chrono::seconds{1};
  std::string peer = "asio";
  std::string local = "asio";
};

namespace net {

/// The adapter's one object, kept alive by its operations.
///
/// Reading is lazy: a wait for reading starts one async_read_some, which owns the waiter. Writing is eager: a
/// write copies, and one async_write_some after the other empties the buffer; a wait for writing leaves its
/// waiter with the one under way. So each waiter is owned by an operation of Asio, and goes when Asio's
/// context goes.
template <class Stream>
class asio_stream_state : public std::enable_shared_from_this<asio_stream_state<Stream>> {
 public:
  asio_stream_state(Stream stream, asio_stream_options options)
      : stream_{std::move(stream)}, options_{std::move(options)}, lingering_{stream_.get_executor()} {}

  [[nodiscard]] asio_stream_options const& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return queued_.size() + sending_.size(); }

  io_result read(std::span<std::byte> into) noexcept {
    io_result result;
    if (closed_) {
      result.error = std::make_error_code(std::errc::bad_file_descriptor);
    } else if (into.empty()) {
    } else if (!in_.empty()) {
      result.bytes = std::min(into.size(), in_.size());
      std::copy_n(in_.data(), result.bytes, into.begin());
      in_.consume(result.bytes);
    } else if (read_error_) {
      result.error = read_error_;
    } else {
      result.end = read_ended_;
      result.would_block = !read_ended_;
    }
    return result;
  }

  io_result write(std::span<bytes_view const> pieces) noexcept {
    io_result result;
    if (closed_ || write_ended_) {
      result.error = std::make_error_code(closed_ ? std::errc::bad_file_descriptor : std::errc::broken_pipe);
      return result;
    }
    if (write_error_) {
      result.error = write_error_;
      return result;
    }
    bool offered = false;
    try {
      for (auto const piece : pieces) {
        offered = offered || !piece.empty();
        auto const part = piece.first(std::min(piece.size(), room()));
        queued_.append(part);
        result.bytes += part.size();
      }
      send();
    } catch (std::exception const&) {
      write_error_ = std::make_error_code(std::errc::not_enough_memory);
      result.error = write_error_;
    }
    result.would_block = offered && result.bytes == 0 && !result.error;
    return result;
  }

  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) {
    if (closed_) return;
    if (direction == io_direction::read && in_.empty() && !read_ended_ && !read_error_) {
      start_read(std::move(waiter));
    } else if (auto const box = writing_for_.lock(); direction == io_direction::write && box) {
      *box = std::move(waiter);
    } else {
      boost::asio::post(stream_.get_executor(),
                        [self = this->shared_from_this(), direction, w = std::move(waiter)] {
                          if (!self->closed_) w->ready(direction);
                        });
    }
  }

  void shutdown_write() {
    if (closed_ || std::exchange(write_ended_, true)) return;
    if (!writing()) end_stream();
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    if (!writing()) return close_stream();
    lingering_.expires_after(options_.linger);
    lingering_.async_wait([self = this->shared_from_this()](boost::system::error_code error) {
      if (!error) self->close_stream();
    });
  }

 private:
  using waiter_box = std::shared_ptr<io_waiter>;

  [[nodiscard]] std::size_t room() const noexcept {
    auto const used = queued_.size() + sending_.size();
    return options_.write_buffer > used ? options_.write_buffer - used : 0;
  }
  [[nodiscard]] bool writing() const noexcept { return !writing_for_.expired(); }

  void start_read(std::shared_ptr<io_waiter> waiter) {
    auto const into = in_.prepare(options_.read_buffer);
    stream_.async_read_some(boost::asio::buffer(into.data(), into.size()),
                            [self = this->shared_from_this(), w = std::move(waiter)](
                                boost::system::error_code error, std::size_t count) {
                              self->in_.commit(count);
                              if (error == boost::asio::error::eof) self->read_ended_ = true;
                              else if (error) self->read_error_ = error;
                              if (!self->closed_) w->ready(io_direction::read);
                            });
  }

  void send() {
    if (!writing() && !queued_.empty()) send(std::make_shared<waiter_box>());
  }

  void send(std::shared_ptr<waiter_box> box) {
    if (sending_.empty()) std::swap(sending_, queued_);
    writing_for_ = box;
    stream_.async_write_some(boost::asio::buffer(sending_.data(), sending_.size()),
                             [self = this->shared_from_this(), box = std::move(box)](
                                 boost::system::error_code error, std::size_t count) mutable {
                               self->sent(error, count, std::move(box));
                             });
  }

  void sent(boost::system::error_code error, std::size_t count, std::shared_ptr<waiter_box> box) {
    sending_.consume(count);
    if (error) {
      write_error_ = error;
      sending_.clear();
      queued_.clear();
    }
    auto const waiter = std::exchange(*box, nullptr);
    if (!sending_.empty() || !queued_.empty()) {
      send(std::move(box));
    } else {
      box.reset();  // not writing any more
      if (closed_) {
        lingering_.cancel();
        close_stream();
      } else if (write_ended_ && !error) {
        end_stream();
      }
    }
    if (waiter && !closed_) waiter->ready(io_direction::write);
  }

  void end_stream() {
    boost::system::error_code ignored;
    if constexpr (requires { stream_.shutdown(Stream::shutdown_send, ignored); })
      stream_.shutdown(Stream::shutdown_send, ignored);
    else if constexpr (requires { stream_.async_shutdown([](boost::system::error_code) {}); })
      stream_.async_shutdown([self = this->shared_from_this()](boost::system::error_code) {});
  }

  void close_stream() {
    boost::system::error_code ignored;
    if constexpr (requires { stream_.close(ignored); }) stream_.close(ignored);
    else if constexpr (requires { stream_.lowest_layer().close(ignored); })
      stream_.lowest_layer().close(ignored);
    else stream_.close();
  }

  Stream stream_;
  asio_stream_options options_;
  boost::asio::steady_timer lingering_;
  buffer in_;
  buffer queued_;  // accepted
  buffer sending_;  // lent to the async_write_some under way
  std::weak_ptr<waiter_box> writing_for_;
  std::error_code read_error_;
  std::error_code write_error_;
  bool read_ended_ = false;
  bool write_ended_ = false;
  bool closed_ = false;
};

template <class Stream>
class asio_stream final : public byte_stream {
 public:
  explicit asio_stream(std::shared_ptr<asio_stream_state<Stream>> state) : state_{std::move(state)} {}
  ~asio_stream() override { close(); }

  io_result read(std::span<std::byte> into) noexcept override { return state_->read(into); }
  io_result write(std::span<bytes_view const> pieces) noexcept override { return state_->write(pieces); }
  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    state_->wait(direction, std::move(waiter));
  }
  void shutdown_write() noexcept override { state_->shutdown_write(); }
  void close() noexcept override { state_->close(); }
  std::size_t unsent() const noexcept override { return state_->unsent(); }
  std::string peer() const override { return state_->options().peer; }
  std::string local() const override { return state_->options().local; }

 private:
  std::shared_ptr<asio_stream_state<Stream>> state_;
};

}  // namespace net

/// A byte_stream over any stream of Asio's or of the user's: a type with get_executor, async_read_some,
/// async_write_some and close (its own or its lowest_layer's), such as ssl::stream, a serial port, or a pipe.
///
/// The stream must be connected, and have ended its handshake if it has one. Its operations complete through
/// its own executor, which must be the one that the connection runs on. `shutdown_write` calls the stream's
/// shutdown(shutdown_send) or async_shutdown, when it has one; otherwise the peer learns of the end by
/// `close`.
///
/// Each direction copies through a bounded buffer. For sockets, what `listen` and a channel's target make is
/// faster.
template <class Stream>
[[nodiscard]] std::unique_ptr<byte_stream> make_asio_stream(Stream stream, asio_stream_options options = {}) {
  using state = net::asio_stream_state<Stream>;
  return std::make_unique<net::asio_stream<Stream>>(
      std::make_shared<state>(std::move(stream), std::move(options)));
}

}  // namespace sluice
