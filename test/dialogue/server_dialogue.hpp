// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/asio.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/server/server.hpp>
#include <sluice/server/server_call.hpp>
#include <sluice/testing/manual_clock.hpp>
#include <sluice/testing/pipe.hpp>
#include <sluice/testing/scripted_peer.hpp>

#include "dialogue/text_service.hpp"

#include <boost/asio/io_context.hpp>

#include <string>
#include <vector>

namespace sluice::test {

using namespace std::chrono_literals;
using namespace sluice::testing;

/// A server of one text_service, whose log and calls are kept; members are in the order in which they must go.
class kept_observer final : public server_observer {
 public:
  std::vector<std::string> started;
  std::vector<std::string> ended;  ///< "/path: CODE: message"
  std::vector<std::string> closed;

 private:
  void call_started(std::string_view method, std::string_view) noexcept override {
    started.emplace_back(method);
  }
  void call_ended(std::string_view method, status const& how, duration) noexcept override {
    ended.push_back(std::string{method} + ": " + how.to_string());
  }
  void connection_closed(std::string_view, std::string_view why) noexcept override {
    closed.emplace_back(why);
  }
};

/// A server on a pipe in memory, with time that stands still.
struct server_dialogue {
  explicit server_dialogue(server_options options = {})
      : served{io.get_executor(), prepared(std::move(options))} {
    served.add(handlers);
  }

  /// One more client. `record` counts what the server's end of the pipe does.
  scripted_peer connect(pipe_options options = {}) {
    options.second.record = record;
    auto [client, server_end] = make_pipe(io.get_executor(), std::move(options));
    served.serve(std::move(server_end));
    return scripted_peer{io, std::move(client)};
  }
  /// The same, past the handshake.
  scripted_peer client(http2_frame const& its_settings = settings()) {
    auto peer = connect();
    peer.begin_as_client(its_settings).expect(settings()).expect(settings_ack()).settle();
    return peer;
  }
  void settle() {
    for (int i = 0; i != 10'000; ++i) {
      io.restart();
      if (io.poll() == 0) return;
    }
    throw dialogue_error{"the server never comes to rest"};
  }

  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  text_service handlers;
  kept_observer observer;
  std::vector<std::string> log;
  std::shared_ptr<pipe_record> record = std::make_shared<pipe_record>();
  server served;

 private:
  server_options prepared(server_options options) {
    options.observer = &observer;
    options.log = [this](log_level, std::string_view text) { log.emplace_back(text); };
    return options;
  }
};

// Frames that every dialogue needs.
inline http2_frame unary_request(std::uint32_t stream) {
  return request(stream, text_service::unary_method.path);
}
inline http2_frame server_request(std::uint32_t stream) {
  return request(stream, text_service::server_method.path);
}
inline http2_frame client_request(std::uint32_t stream) {
  return request(stream, text_service::client_method.path);
}
inline http2_frame bidi_request(std::uint32_t stream) {
  return request(stream, text_service::bidi_method.path);
}

/// A whole response without messages: headers that carry the status.
inline http2_frame trailers_only(std::uint32_t stream, code outcome) {
  return response(stream).grpc_status(outcome).end();
}

// RFC 9113, 7.
inline constexpr std::uint32_t no_error = 0, protocol_error = 1, internal_error = 2, flow_control_error = 3,
                               refused_stream = 7, cancel = 8, enhance_your_calm = 11;
// RFC 9113, 6.5.2.
inline constexpr std::uint16_t setting_max_streams = 3, setting_initial_window = 4,
                               setting_max_frame_size = 5;

}  // namespace sluice::test
