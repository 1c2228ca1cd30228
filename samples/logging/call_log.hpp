// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/interceptor.hpp>
#include <sluice/server/interceptor.hpp>

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

/// What one line of the log says of a call: counted by hooks, while it runs.
class CallLine {
 public:
  sluice::message_hook counts_request() {
    return [this](sluice::passing_message& message) { return count(requests_, message); };
  }
  sluice::message_hook counts_response() {
    return [this](sluice::passing_message& message) { return count(responses_, message); };
  }
  void write(std::ostream& to, std::string_view method, std::string_view peer,
             sluice::status const& how) const {
    auto const took =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
    to << method << ' ' << peer << ": " << sluice::to_string(how.code()) << ", " << requests_.messages
       << " in " << requests_.bytes << " bytes, " << responses_.messages << " out " << responses_.bytes
       << " bytes, " << took.count() << " us" << std::endl;
  }

 private:
  struct direction {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  static sluice::status count(direction& in, sluice::passing_message& message) {
    ++in.messages;
    in.bytes += message.bytes().size();
    return {};
  }
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  direction requests_;
  direction responses_;
};

/// A line for each call, when it is over, whatever its kind. The same on both sides.
class CallLog final : public sluice::client_interceptor, public sluice::server_interceptor {
 public:
  explicit CallLog(std::ostream& to) noexcept : to_{to} {}

  sluice::task<sluice::status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
    CallLine line;
    call.on_request(line.counts_request());
    call.on_response(line.counts_response());
    auto const how = co_await next();
    line.write(to_, call.method().path, call.peer(), how);
    co_return how;
  }

  sluice::task<sluice::status> intercept(sluice::server_exchange& call, sluice::next_handler next) override {
    CallLine line;
    call.on_request(line.counts_request());
    call.on_response(line.counts_response());
    auto const how = co_await next();
    line.write(to_, call.call().method(), call.call().peer(), how);
    co_return how;
  }

 private:
  std::ostream& to_;
};
