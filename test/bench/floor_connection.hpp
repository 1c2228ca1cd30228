// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstdint>
#include <memory>

// What Asio, nghttp2 and protobuf allow when nothing stands between them. No coroutines, no layers, no
// generality: one thread, concrete executors, callbacks, and one write for all that a turn has made ready.
namespace bench {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using floor_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

class floor_connection : public std::enable_shared_from_this<floor_connection> {
 public:
  explicit floor_connection(floor_socket socket);
  virtual ~floor_connection();
  floor_connection(floor_connection const&) = delete;
  floor_connection& operator=(floor_connection const&) = delete;

  // Sends the SETTINGS and begins to read. The connection lives as long as an operation of its socket.
  void start();
  // Writes all that the session has to say.
  void flush();

 protected:
  nghttp2_session* session_ = nullptr;  // set by the constructor of the side
  virtual void closed() {}

 private:
  void read();
  void received(std::size_t size);
  void close();

  static constexpr std::size_t slab_size = 128 * 1024;
  static constexpr std::size_t frame_limit = 16 * 1024 + 9;

  floor_socket socket_;
  bool writing_ = false;
  std::array<std::uint8_t, 64 * 1024> input_;
  std::array<std::uint8_t, slab_size> slab_;
};

// Shared by both sides: no kept closed streams, no priority tree, windows that are never in the way.
nghttp2_option* floor_session_options();
void submit_floor_settings(nghttp2_session* session);

}  // namespace bench
