// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/calls.hpp>
#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>

#include "dialogue/server_dialogue.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

/// A channel whose connections lead to scripted servers, with time that stands still.
struct client_dialogue {
  explicit client_dialogue(channel_options options = {})
      : through{io.get_executor(), connector(), logged(std::move(options))} {}

  channel::connector connector() {
    return [this]() -> std::unique_ptr<byte_stream> {
      if (throws) throw std::runtime_error{"no such wire"};
      if (refuse) return nullptr;
      pipe_options options = pipes;
      options.first.record = record;
      auto [client_end, server] = make_pipe(io.get_executor(), std::move(options));
      waiting.emplace_back(io, std::move(server));
      return std::move(client_end);
    };
  }
  channel_options logged(channel_options options) {
    options.log = [this](log_level level, std::string_view text) { log.emplace_back(level, text); };
    return options;
  }

  /// The next connection that the channel made, unspoken with.
  scripted_peer accept() {
    settle();
    if (waiting.empty()) throw dialogue_error{"the channel made no connection"};
    auto peer = std::move(waiting.front());
    waiting.pop_front();
    return peer;
  }
  /// The same, past the handshake.
  scripted_peer server(http2_frame const& its_settings = settings()) {
    auto peer = accept();
    peer.begin_as_server(its_settings);
    return peer;
  }
  void settle() {
    for (int i = 0; i != 10'000; ++i) {
      io.restart();
      if (io.poll() == 0) return;
    }
    throw dialogue_error{"the client never comes to rest"};
  }

  boost::asio::io_context io;
  manual_clock clock{io.get_executor()};
  pipe_options pipes;
  bool refuse = false;
  bool throws = false;
  std::shared_ptr<pipe_record> record = std::make_shared<pipe_record>();
  std::deque<scripted_peer> waiting;
  std::vector<std::pair<log_level, std::string>> log;
  channel through;
};

/// How a call went: filled when it has ended.
struct outcome {
  std::vector<std::string> messages;
  std::optional<status> ended;
  metadata initial;
  metadata trailing;

  [[nodiscard]] code ended_with() const {
    return ended ? ended->code() : throw dialogue_error{"the call goes on"};
  }
};

// Each keeps what it needs in parameters: the coroutines outlive the expressions that start them.
inline task<void> run_unary(channel& on, text request, call_options options, outcome& out) {
  unary_call<text> call{on, text_service::unary_method, request, std::move(options)};
  auto answer = co_await as_result(call);
  if (answer) out.messages.push_back(answer->value);
  out.initial = call.initial_metadata();
  out.trailing = call.trailing_metadata();
  out.ended = answer ? status{} : answer.status();
}
template <class Call>
task<void> read_all(Call& call, outcome& out) {
  std::optional<status> failed;
  try {
    while (auto* const item = co_await call.next()) out.messages.push_back(item->value);
  } catch (status_error const& error) { failed = error.status(); }
  out.initial = call.initial_metadata();
  out.trailing = call.trailing_metadata();
  out.ended = failed.value_or(status{});
}
inline task<void> run_server_streaming(channel& on, text request, call_options options, outcome& out) {
  server_streaming_call<text> call{on, text_service::server_method, request, std::move(options)};
  co_await read_all(call, out);
}
inline generator<text> some_texts(std::vector<std::string> words) {
  for (auto const& word : words) co_yield text{word};
}
inline task<void> run_client_streaming(channel& on, generator<text> requests, call_options options,
                                       outcome& out) {
  client_streaming_call<text, text> call{on, text_service::client_method, std::move(requests),
                                         std::move(options)};
  auto answer = co_await as_result(call);
  if (answer) out.messages.push_back(answer->value);
  out.ended = answer ? status{} : answer.status();
}
inline task<void> run_bidi(channel& on, generator<text> requests, call_options options, outcome& out) {
  bidi_streaming_call<text, text> call{on, text_service::bidi_method, std::move(requests),
                                       std::move(options)};
  co_await read_all(call, out);
}

}  // namespace sluice::test
