// SPDX-License-Identifier: Apache-2.0
//
// The gRPC interop suite's server on grpc C++.
#include "suite.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace grpc::testing {
// grpc's contexts name this class as a friend, for its own suite.
class InteropServerContextInspector {
 public:
  static bool compressed(grpc::ServerContext const& context) {
    return (grpc_call_test_only_get_message_flags(context.call_.call) & came_compressed) != 0;
  }
};
}  // namespace grpc::testing

namespace {

using namespace grpc::testing;
using grpc::ServerContext;
using grpc::Status;
using grpc::WriteOptions;
using inspector = InteropServerContextInspector;
using duplex = grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>;

void echo_metadata(ServerContext& context) {
  for (auto const& [key, value] : context.client_metadata()) {
    std::string const text{value.data(), value.size()};
    if (key == echo_initial) context.AddInitialMetadata(echo_initial, text);
    if (key == echo_trailing) context.AddTrailingMetadata(echo_trailing, text);
  }
}

template <class Request>
Status asked_for(Request const& request) {
  auto const& asked = request.response_status();
  return Status{static_cast<grpc::StatusCode>(asked.code()), asked.message()};
}

template <class Request>
bool as_expected(ServerContext const& context, Request const& request) {
  return !request.has_expect_compressed() ||
         request.expect_compressed().value() == inspector::compressed(context);
}
Status unexpected() {
  return {grpc::StatusCode::INVALID_ARGUMENT, "the request is not compressed as it says"};
}

class Service final : public TestService::Service {
  Status EmptyCall(ServerContext* context, Empty const*, Empty*) override {
    echo_metadata(*context);
    return {};
  }

  Status UnaryCall(ServerContext* context, SimpleRequest const* request, SimpleResponse* response) override {
    echo_metadata(*context);
    if (!as_expected(*context, *request)) return unexpected();
    if (request->response_compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    set_body(*response, request->response_size());
    if (request->fill_server_id()) response->set_server_id("cpp-" + std::to_string(::getpid()));
    return asked_for(*request);
  }

  Status StreamingOutputCall(ServerContext* context, StreamingOutputCallRequest const* request,
                             grpc::ServerWriter<StreamingOutputCallResponse>* writer) override {
    echo_metadata(*context);
    compress_if_asked(*context, *request);
    respond(*writer, *request);
    return asked_for(*request);
  }

  Status StreamingInputCall(ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* reader,
                            StreamingInputCallResponse* response) override {
    echo_metadata(*context);
    StreamingInputCallRequest request;
    std::size_t sum = 0;
    while (reader->Read(&request)) {
      if (!as_expected(*context, request)) return unexpected();
      sum += request.payload().body().size();
    }
    response->set_aggregated_payload_size(static_cast<int>(sum));
    return {};
  }

  Status FullDuplexCall(ServerContext* context, duplex* stream) override {
    echo_metadata(*context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      if (auto const status = asked_for(request); !status.ok()) return status;
      respond(*stream, request);
    }
    return {};
  }

  Status HalfDuplexCall(ServerContext* context, duplex* stream) override {
    echo_metadata(*context);
    std::vector<StreamingOutputCallRequest> requests(1);
    while (stream->Read(&requests.back())) requests.emplace_back();
    for (auto const& each : requests) respond(*stream, each);
    return {};
  }

  static void compress_if_asked(ServerContext& context, StreamingOutputCallRequest const& request) {
    for (auto const& each : request.response_parameters())
      if (each.compressed().value()) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  }

  template <class Writer>
  static void respond(Writer& writer, StreamingOutputCallRequest const& request) {
    for (auto const& each : request.response_parameters()) {
      std::this_thread::sleep_for(std::chrono::microseconds{each.interval_us()});
      StreamingOutputCallResponse response;
      set_body(response, each.size());
      WriteOptions options;
      if (each.has_compressed() && !each.compressed().value()) options.set_no_compression();
      writer.Write(response, options);
    }
  }
};

std::shared_ptr<grpc::ServerCredentials> credentials(flag_map const& flags) {
  if (!flags.truth("use_tls")) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {read_file(flags.text("tls_key_file")), read_file(flags.text("tls_cert_file"))});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t ends;  // blocked in every thread, and waited for here
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  flag_map const flags{argc, argv};
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + flags.text("port", "10000"), credentials(flags));
  builder.RegisterService(&service);
  builder.AddChannelArgument("grpc.max_metadata_size", header_limit);
  builder.AddChannelArgument("grpc.absolute_max_metadata_size", header_limit);
  auto const server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  int number = 0;
  sigwait(&ends, &number);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds{500});
}
