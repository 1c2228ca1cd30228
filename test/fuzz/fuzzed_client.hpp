// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/calls.hpp>
#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>

#include "fuzz/fuzzed_end.hpp"
#include "fuzz/obey.hpp"

#include <boost/asio/detached.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <tuple>

namespace sluice::fuzz {

/// A channel with a call of each kind under way, whose server is the fuzzer's input.
class fuzzed_client final : public fuzzed_end {
 public:
  explicit fuzzed_client(testing::pipe_options pipe = {})
      : fuzzed_end{http2::side::client}, pipe_{std::move(pipe)} {
    spawn(io_, unary(), boost::asio::detached);
    spawn(io_, server_streaming(), boost::asio::detached);
    spawn(io_, client_streaming(), boost::asio::detached);
    spawn(io_, bidi(), boost::asio::detached);
    settle();
  }
  /// The server goes, and no other comes: then every call has ended.
  void finish() {
    refuse_ = true;
    set_deaf(false);
    hang_up();
    advance(std::chrono::seconds{60});
    for (auto const ends : ended_) check(ends == 1, "each call ends exactly once");
  }
  /// How many calls ended well.
  [[nodiscard]] std::size_t succeeded() const noexcept { return succeeded_; }

 private:
  static constexpr std::size_t calls = 4;

  channel_options quiet() {
    channel_options options;
    options.log = no_log;
    options.max_receive_size = 64 * 1024;
    options.backoff_jitter = 0;
    return options;
  }
  std::unique_ptr<byte_stream> connect() {
    if (refuse_ || peer_ != nullptr) return nullptr;
    auto [ours, server] = testing::make_pipe(io_.get_executor(), pipe_);
    peer_ = std::move(server);
    refuse_ = true;
    return std::move(ours);
  }
  static call_options limits() { return call_options{}.timeout(std::chrono::seconds{30}); }

  task<void> unary() {
    unary_call<text> call{through_, test::text_service::unary_method, text{"hello"}, limits()};
    auto const answer = co_await as_result(call);
    ended(0, static_cast<bool>(answer), call.status());
  }
  task<void> server_streaming() {
    server_streaming_call<text> call{through_, test::text_service::server_method, text{"hello"}, limits()};
    co_await read_all(call, 1);
  }
  task<void> client_streaming() {
    client_streaming_call<text, text> call{through_, test::text_service::client_method, words(), limits()};
    auto const answer = co_await as_result(call);
    ended(2, static_cast<bool>(answer), call.status());
  }
  task<void> bidi() {
    bidi_streaming_call<text, text> call{through_, test::text_service::bidi_method, words(), limits()};
    co_await read_all(call, 3);
  }
  static generator<text> words() {
    for (std::size_t i = 0; i != 3; ++i) {
      co_yield text{std::string(i * 20'000, 'w')};
      co_await sleep_for(std::chrono::milliseconds{1});
    }
  }
  template <class Call>
  task<void> read_all(Call& call, std::size_t index) {
    bool well = true;
    try {
      while (auto* const item = co_await call.next())
        if (item->value.starts_with('s')) co_await sleep_for(std::chrono::milliseconds{5});  // a slow reader
    } catch (status_error const&) { well = false; }
    ended(index, well, call.status());
  }
  void ended(std::size_t index, bool well, status const& how) {
    ++ended_[index];
    check(!well || how.ok(), "a call that completes has an OK");
    if (well) ++succeeded_;
  }

  testing::pipe_options pipe_;
  bool refuse_ = false;
  std::array<int, calls> ended_{};
  std::size_t succeeded_ = 0;
  channel through_{io_.get_executor(), [this] { return connect(); }, quiet()};
};

}  // namespace sluice::fuzz
