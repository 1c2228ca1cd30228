// SPDX-License-Identifier: Apache-2.0
//
// interop_server: the gRPC interop suite's server on sluice, with the suite's flags.
#include "grpc/testing/test.sluice.hpp"

#include <sluice/services/health.hpp>
#include <sluice/services/reflection.hpp>
#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using grpc::testing::Empty;
using grpc::testing::ResponseParameters;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

/// Initial metadata that are echoed leave at once, before any message.
void echo_metadata(sluice::server_call& call) {
  for (auto const& [key, value] : call.metadata()) {
    if (key == "x-grpc-test-echo-initial") call.add_initial_metadata(key, value);
    if (key == "x-grpc-test-echo-trailing-bin") call.add_trailing_metadata(key, value);
  }
  if (call.metadata().contains("x-grpc-test-echo-initial")) call.send_initial_metadata();
}

template <class Request>
sluice::status asked_for(Request const& request) {
  auto const& asked = request.response_status();
  return sluice::status{static_cast<sluice::code>(asked.code()), asked.message()};
}

template <class Response>
void fill(Response& response, std::int32_t size) {
  if (size < 0) throw sluice::status_error{sluice::code::invalid_argument, "a negative size"};
  response.mutable_payload()->mutable_body()->assign(static_cast<std::size_t>(size), '\0');
}

sluice::task<void> pause(ResponseParameters const& before) {
  if (before.interval_us() > 0) co_await sluice::sleep_for(std::chrono::microseconds{before.interval_us()});
}

/// The request that was read last must have come as it says.
template <class Request>
void expect_compression(sluice::server_call const& call, Request const& request) {
  if (request.has_expect_compressed() && request.expect_compressed().value() != call.request_compressed())
    throw sluice::status_error{sluice::code::invalid_argument, "the request is not compressed as it says"};
}

void compress(sluice::server_call& call) {
  if (call.compression("gzip")) call.compress_messages(sluice::compression_mode::always);
}
bool wants_compression(ResponseParameters const& of) { return of.compressed().value(); }

class TestService final : public grpc::testing::TestServiceService {
  using outputs = sluice::generator<StreamingOutputCallResponse>;

  sluice::task<Empty> EmptyCall(Empty) override {
    echo_metadata(co_await sluice::this_call);
    co_return Empty{};
  }

  sluice::task<SimpleResponse> UnaryCall(SimpleRequest request) override {
    sluice::server_call& call = co_await sluice::this_call;
    expect_compression(call, request);
    if (request.response_compressed().value()) compress(call);
    echo_metadata(call);
    if (auto const status = asked_for(request); !status.ok()) co_return status;
    SimpleResponse response;
    fill(response, request.response_size());
    if (request.fill_server_id()) response.set_server_id(id_);
    co_return response;
  }

  outputs StreamingOutputCall(StreamingOutputCallRequest request) override {
    sluice::server_call& call = co_await sluice::this_call;
    if (std::ranges::any_of(request.response_parameters(), wants_compression)) compress(call);
    echo_metadata(call);
    StreamingOutputCallResponse response;
    for (auto const& each : request.response_parameters()) {
      co_await pause(each);
      fill(response, each.size());
      call.compress_messages(wants_compression(each) ? sluice::compression_mode::always
                                                     : sluice::compression_mode::never);
      co_yield response;
    }
    if (auto const status = asked_for(request); !status.ok()) co_yield status;
  }

  sluice::task<StreamingInputCallResponse> StreamingInputCall(
      sluice::generator<StreamingInputCallRequest> requests) override {
    sluice::server_call& call = co_await sluice::this_call;
    echo_metadata(call);
    StreamingInputCallResponse response;
    while (auto const* const request = co_await requests.next()) {
      expect_compression(call, *request);
      response.set_aggregated_payload_size(response.aggregated_payload_size() +
                                           static_cast<std::int32_t>(request->payload().body().size()));
    }
    co_return response;
  }

  outputs FullDuplexCall(sluice::generator<StreamingOutputCallRequest> requests) override {
    echo_metadata(co_await sluice::this_call);
    StreamingOutputCallResponse response;
    while (auto const* const request = co_await requests.next()) {
      if (auto const status = asked_for(*request); !status.ok()) co_yield status;
      for (auto const& each : request->response_parameters()) {
        co_await pause(each);
        fill(response, each.size());
        co_yield response;
      }
    }
  }

  outputs HalfDuplexCall(sluice::generator<StreamingOutputCallRequest> requests) override {
    echo_metadata(co_await sluice::this_call);
    std::vector<ResponseParameters> asked;
    while (auto const* const request = co_await requests.next())
      asked.insert(asked.end(), request->response_parameters().begin(), request->response_parameters().end());
    StreamingOutputCallResponse response;
    for (auto const& each : asked) {
      co_await pause(each);
      fill(response, each.size());
      co_yield response;
    }
  }

  std::string id_ = "sluice-" + std::to_string(::getpid());
};

struct server_flags {
  std::uint16_t port = 10000;
  bool use_tls = false;
  std::string tls_cert_file;
  std::string tls_key_file;
};

sluice::tls_server tls(server_flags const& flags) {
  sluice::tls_certificate own;
  own.chain = sluice::pem::file(flags.tls_cert_file);
  own.key = sluice::pem::file(flags.tls_key_file);
  sluice::tls_server_options options;
  options.certificates.push_back(std::move(own));
  return sluice::tls_server{std::move(options)};
}

void serve(server_flags const& flags) {
  boost::asio::io_context io{1};
  TestService service;
  sluice::health_service health;
  sluice::reflection_service reflection;
  sluice::server_options options;
  options.max_header_list_size = 128 * 1024;  // for the case large_header
  sluice::server server{io.get_executor(), options};
  server.add(service).add(health).add(reflection);
  auto const address = "127.0.0.1:" + std::to_string(flags.port);
  auto const bound = flags.use_tls ? server.listen(address, tls(flags)) : server.listen(address);

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (!error) server.stop(500ms);
  });
  std::cout << "listening on " << bound.substr(bound.rfind(':') + 1) << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  server_flags flags;
  CLI::App app{"The gRPC interop suite's server, on sluice. Listens on 127.0.0.1."};
  app.add_option("--port", flags.port, "0: any, which is printed")->capture_default_str();
  app.add_flag("--use_tls", flags.use_tls);
  app.add_option("--tls_cert_file", flags.tls_cert_file, "the certificate chain, in PEM");
  app.add_option("--tls_key_file", flags.tls_key_file, "its key, in PEM");
  CLI11_PARSE(app, argc, argv);
  try {
    serve(flags);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "interop_server: " << error.what() << '\n';
    return 1;
  }
}
