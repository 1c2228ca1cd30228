// SPDX-License-Identifier: Apache-2.0
#include "floor_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <cstring>

namespace bench {

floor_connection::floor_connection(floor_socket socket) : socket_(std::move(socket)) {}

floor_connection::~floor_connection() { nghttp2_session_del(session_); }

void floor_connection::start() {
  socket_.set_option(tcp::no_delay(true));
  socket_.non_blocking(true);
  flush();
  read();
}

void floor_connection::read() {
  socket_.async_read_some(asio::buffer(input_), [self = shared_from_this()](auto error, std::size_t size) {
    if (error) return self->close();
    self->received(size);
  });
}

void floor_connection::received(std::size_t size) {
  if (nghttp2_session_mem_recv(session_, input_.data(), size) < 0) return close();
  flush();
  if (!nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_)) return close();
  read();
}

void floor_connection::flush() {
  while (!writing_) {
    std::size_t filled = 0;
    while (filled + frame_limit <= slab_size) {
      std::uint8_t const* frame = nullptr;
      auto const size = nghttp2_session_mem_send(session_, &frame);
      if (size < 0) return close();
      if (size == 0) break;
      std::memcpy(slab_.data() + filled, frame, static_cast<std::size_t>(size));
      filled += static_cast<std::size_t>(size);
    }
    if (filled == 0) return;
    boost::system::error_code error;
    auto const sent = socket_.send(asio::buffer(slab_.data(), filled), 0, error);
    if (error && error != asio::error::would_block) return close();
    if (sent == filled) continue;
    writing_ = true;
    asio::async_write(socket_, asio::buffer(slab_.data() + sent, filled - sent),
                      [self = shared_from_this()](auto failed, std::size_t) {
                        self->writing_ = false;
                        if (failed) return self->close();
                        self->flush();
                      });
  }
}

void floor_connection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  closed();
}

nghttp2_option* floor_session_options() {
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_closed_streams(options, 1);
  return options;
}

void submit_floor_settings(nghttp2_session* session) {
  constexpr std::int32_t window = 16 * 1024 * 1024;
  nghttp2_settings_entry const settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 10000},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window);
}

}  // namespace bench
