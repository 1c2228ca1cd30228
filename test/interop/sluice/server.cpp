// SPDX-License-Identifier: Apache-2.0
//
// The interop server on sluice; ../cases.md is its contract.
#include "../cpp/peer.hpp"
#include "interop.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using sluice::interop::CountsRequest;
using sluice::interop::CountsResponse;
using sluice::interop::Request;
using sluice::interop::Response;

/// The initial metadata leaves with the first answer or before the status.
void echo_metadata(sluice::server_call& call) {
  for (auto const& [key, value] : call.metadata()) {
    if (key == "x-echo-initial") call.add_initial_metadata(key, value);
    if (key == "x-echo-trailing-bin") call.add_trailing_metadata(key, value);
  }
}

sluice::task<void> delay(std::uint32_t milliseconds) {
  if (milliseconds != 0) co_await sluice::sleep_for(std::chrono::milliseconds{milliseconds});
}

/// What the request asks its call to end with; ok when it asks for nothing.
sluice::status asked_for(Request const& request) {
  return sluice::status{static_cast<sluice::code>(request.status().code()), request.status().message()};
}

void fill(Request const& request, std::uint32_t index, Response& answer) {
  answer.set_payload(pattern(request.response_size()));
  answer.set_received_bytes(request.payload().size());
  answer.set_corrupt(!intact(request.payload()));
  answer.set_index(index);
}

class Peer final : public sluice::interop::PeerService {
  sluice::task<Response> Unary(Request request) override {
    echo_metadata(co_await sluice::this_call);
    co_await delay(request.delay_ms());
    if (request.sleep_until_cancelled()) co_await sleep();
    if (auto status = asked_for(request); !status.ok()) co_return status;
    Response answer;
    fill(request, 0, answer);
    co_return answer;
  }

  sluice::generator<Response> Download(Request request) override {
    echo_metadata(co_await sluice::this_call);
    co_await delay(request.delay_ms());
    Response answer;
    for (std::uint32_t i = 0; i != request.response_count(); ++i) {
      fill(request, i, answer);
      co_yield answer;
    }
    if (request.sleep_until_cancelled()) co_await sleep();
    if (auto status = asked_for(request); !status.ok()) co_yield status;
  }

  sluice::task<Response> Upload(sluice::generator<Request> requests) override {
    echo_metadata(co_await sluice::this_call);
    Response answer;
    Request last;
    while (auto* const request = co_await requests.next()) {
      answer.set_received_bytes(answer.received_bytes() + request->payload().size());
      answer.set_received_count(answer.received_count() + 1);
      answer.set_corrupt(answer.corrupt() || !intact(request->payload()));
      co_await delay(request->delay_ms());
      if (request->sleep_until_cancelled()) co_await sleep();
      last.Swap(request);
    }
    if (auto status = asked_for(last); !status.ok()) co_return status;
    answer.set_payload(pattern(last.response_size()));
    co_return answer;
  }

  sluice::generator<Response> Chat(sluice::generator<Request> requests) override {
    echo_metadata(co_await sluice::this_call);
    Response answer;
    std::uint32_t index = 0;
    while (auto const* const request = co_await requests.next()) {
      co_await delay(request->delay_ms());
      for (std::uint32_t i = 0; i != request->response_count(); ++i) {
        fill(*request, index++, answer);
        co_yield answer;
      }
      if (request->sleep_until_cancelled()) co_await sleep();
      if (auto status = asked_for(*request); !status.ok()) co_yield status;
    }
  }

  sluice::task<CountsResponse> Counts(CountsRequest) override {
    CountsResponse answer;
    answer.set_cancelled(cancelled_);
    answer.set_sleeping(sleeping_);
    co_return answer;
  }

  // Nothing sets the event: the stop of the call throws out of it, and its status ends the handler.
  sluice::task<void> sleep() {
    sleeper const counted{*this};
    sluice::event never;
    co_await never.wait();
  }

  class sleeper {
   public:
    explicit sleeper(Peer& peer) noexcept : peer_{peer} { ++peer_.sleeping_; }
    sleeper(sleeper const&) = delete;
    sleeper& operator=(sleeper const&) = delete;
    ~sleeper() {
      --peer_.sleeping_;
      ++peer_.cancelled_;
    }

   private:
    Peer& peer_;
  };

  std::uint64_t cancelled_ = 0;
  std::uint64_t sleeping_ = 0;
};

void serve(std::string const& port) {
  boost::asio::io_context io{1};
  Peer peer;
  sluice::server server{io.get_executor(), {.max_receive_size = message_limit}};
  server.add(peer);
  std::string const bound = server.listen("127.0.0.1:" + port);

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (!error) server.stop(500ms);
  });

  std::cout << "listening on " << bound.substr(bound.rfind(':') + 1) << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || argv[1] != std::string_view{"--port"}) {
    std::cerr << "usage: " << argv[0] << " --port N\n";
    return 2;
  }
  try {
    serve(argv[2]);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}
