// SPDX-License-Identifier: Apache-2.0
//
// The interop server on grpc C++, synchronous; ../cases.md is its contract.
#include "interop.grpc.pb.h"
#include "peer.hpp"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

using namespace sluice::interop;
using grpc::ServerContext;
using grpc::Status;

namespace {

class peer_service final : public Peer::Service {
 public:
  Status Unary(ServerContext* call, Request const* request, Response* answer) override {
    echo_metadata(*call);
    delay(*request);
    if (request->sleep_until_cancelled()) return sleep(*call);
    fill(*request, 0, *answer);
    return finish(*request);
  }

  Status Download(ServerContext* call, Request const* request, grpc::ServerWriter<Response>* out) override {
    echo_metadata(*call);
    auto ended = answers(*call, *request, 0, *out);
    return ended.ok() ? finish(*request) : ended;
  }

  Status Upload(ServerContext* call, grpc::ServerReader<Request>* in, Response* answer) override {
    echo_metadata(*call);
    Request request;
    Request last;
    while (in->Read(&request)) {
      answer->set_received_bytes(answer->received_bytes() + request.payload().size());
      answer->set_received_count(answer->received_count() + 1);
      answer->set_corrupt(answer->corrupt() || !intact(request.payload()));
      delay(request);
      if (request.sleep_until_cancelled()) return sleep(*call);
      last.Swap(&request);
    }
    answer->set_payload(pattern(last.response_size()));
    return finish(last);
  }

  Status Chat(ServerContext* call, grpc::ServerReaderWriter<Response, Request>* both) override {
    echo_metadata(*call);
    Request request;
    std::uint32_t index = 0;
    while (both->Read(&request)) {
      if (auto ended = answers(*call, request, index, *both); !ended.ok()) return ended;
      index += request.response_count();
      if (auto ended = finish(request); !ended.ok()) return ended;
    }
    return Status::OK;
  }

  Status Counts(ServerContext*, CountsRequest const*, CountsResponse* answer) override {
    answer->set_cancelled(cancelled_);
    answer->set_sleeping(sleeping_);
    return Status::OK;
  }

 private:
  // The initial metadata leaves with the first answer or before the status.
  static void echo_metadata(ServerContext& call) {
    for (auto const& [key, value] : call.client_metadata()) {
      if (key == "x-echo-initial") call.AddInitialMetadata("x-echo-initial", {value.data(), value.size()});
      if (key == "x-echo-trailing-bin")
        call.AddTrailingMetadata("x-echo-trailing-bin", {value.data(), value.size()});
    }
  }

  static void delay(Request const& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds{request.delay_ms()});
  }

  static Status finish(Request const& request) {
    return {static_cast<grpc::StatusCode>(request.status().code()), request.status().message()};
  }

  static void fill(Request const& request, std::uint32_t index, Response& answer) {
    answer.set_payload(pattern(request.response_size()));
    answer.set_received_bytes(request.payload().size());
    answer.set_corrupt(!intact(request.payload()));
    answer.set_index(index);
  }

  template <typename Writer>
  Status answers(ServerContext& call, Request const& request, std::uint32_t index, Writer& out) {
    delay(request);
    Response answer;
    for (std::uint32_t i = 0; i < request.response_count(); ++i) {
      fill(request, index + i, answer);
      if (!out.Write(answer)) return {grpc::StatusCode::CANCELLED, "the client is gone"};
    }
    return request.sleep_until_cancelled() ? sleep(call) : Status::OK;
  }

  // The synchronous API has no other way to await the end of a call than to ask.
  Status sleep(ServerContext& call) {
    ++sleeping_;
    while (!call.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds{2});
    ++cancelled_;
    --sleeping_;
    return {grpc::StatusCode::CANCELLED, "cancelled"};
  }

  std::atomic<std::uint64_t> cancelled_{0};
  std::atomic<std::uint64_t> sleeping_{0};
};

} // namespace

int main(int argc, char** argv) {
  auto const* port = argc == 3 && std::strcmp(argv[1], "--port") == 0 ? argv[2] : "0";
  // Blocked here, and so in every thread of grpc's: sigwait below is who gets them.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);

  peer_service service;
  int bound = 0;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(message_limit);
  builder.AddListeningPort(std::string{"127.0.0.1:"} + port, grpc::InsecureServerCredentials(), &bound);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server || bound == 0) {
    std::cerr << "cannot listen on port " << port << '\n';
    return 1;
  }
  std::cout << "listening on " << bound << std::endl;
  int got = 0;
  sigwait(&stops, &got);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds{500});
  // The calls are over. Now and then the library's own teardown waits 10 s for what it still holds: without it.
  std::_Exit(0);
}
