// SPDX-License-Identifier: Apache-2.0
//
// The gRPC interop suite's client on grpc C++. Exit code 0: the case passed.
#include "suite.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace grpc::testing {
// grpc's contexts name this class as a friend, for its own suite.
class InteropClientContextInspector {
 public:
  static bool compressed(grpc::ClientContext const& context) {
    return (grpc_call_test_only_get_message_flags(context.call_) & came_compressed) != 0;
  }
};
}  // namespace grpc::testing

namespace {

using namespace grpc::testing;
using namespace std::chrono_literals;
using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::WriteOptions;
using inspector = InteropClientContextInspector;

constexpr int large_request = 271828;
constexpr int large_response = 314159;
constexpr int request_sizes[] = {27182, 8, 1828, 45904};
constexpr int response_sizes[] = {31415, 9, 2653, 58979};

void expect(bool fact, std::string const& why) {
  if (!fact) throw std::runtime_error{why};
}
void expect_code(Status const& status, StatusCode code) {
  expect(status.error_code() == code, "code " + std::to_string(status.error_code()) + " (" +
                                          status.error_message() + "), not " + std::to_string(code));
}
template <class Response>
void expect_size(Response const& response, int size) {
  expect(response.payload().body().size() == static_cast<std::size_t>(size),
         std::to_string(response.payload().body().size()) + " bytes, not " + std::to_string(size));
}

struct stubs {
  TestService::Stub& test;
  UnimplementedService::Stub& unimplemented;
};

struct context : ClientContext {
  explicit context(std::chrono::milliseconds timeout = 20s) {
    set_deadline(std::chrono::system_clock::now() + timeout);
  }
};

SimpleRequest simple(int request_size = large_request, int response_size = large_response) {
  SimpleRequest request;
  request.set_response_size(response_size);
  set_body(request, request_size);
  return request;
}
StreamingOutputCallRequest output(std::vector<int> const& sizes, int request_size = 0) {
  StreamingOutputCallRequest request;
  set_body(request, request_size);
  for (int const size : sizes) request.add_response_parameters()->set_size(size);
  return request;
}

void empty_unary(stubs on) {
  context call;
  Empty response;
  expect_code(on.test.EmptyCall(&call, {}, &response), StatusCode::OK);
  expect(response.ByteSizeLong() == 0, "the response is not empty");
}

void unary(stubs on, context& call, SimpleRequest const& request) {
  SimpleResponse response;
  expect_code(on.test.UnaryCall(&call, request, &response), StatusCode::OK);
  expect_size(response, request.response_size());
}
void large_unary(stubs on) {
  context call;
  unary(on, call, simple());
}

void client_compressed_unary(stubs on) {
  {
    context probe;
    auto request = simple();
    request.mutable_expect_compressed()->set_value(true);
    SimpleResponse response;
    expect_code(on.test.UnaryCall(&probe, request, &response), StatusCode::INVALID_ARGUMENT);
  }
  for (bool const compressed : {true, false}) {
    context call;
    auto request = simple();
    request.mutable_expect_compressed()->set_value(compressed);
    call.set_compression_algorithm(compressed ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE);
    unary(on, call, request);
  }
}

void server_compressed_unary(stubs on) {
  for (bool const compressed : {true, false}) {
    context call;
    auto request = simple();
    request.mutable_response_compressed()->set_value(compressed);
    unary(on, call, request);
    expect(inspector::compressed(call) == compressed, "the compressed flag is wrong");
  }
}

void client_streaming(stubs on) {
  context call;
  StreamingInputCallResponse response;
  auto const writer = on.test.StreamingInputCall(&call, &response);
  for (int const size : request_sizes) {
    StreamingInputCallRequest request;
    set_body(request, size);
    expect(writer->Write(request), "a write failed");
  }
  writer->WritesDone();
  expect_code(writer->Finish(), StatusCode::OK);
  expect(response.aggregated_payload_size() == 74922, "the sum is wrong");
}

void client_compressed_streaming(stubs on) {
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(true);
  set_body(request, request_sizes[0]);
  StreamingInputCallResponse response;
  {
    context probe;
    probe.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto const writer = on.test.StreamingInputCall(&probe, &response);
    writer->Write(request, WriteOptions{}.set_no_compression());
    writer->WritesDone();
    expect_code(writer->Finish(), StatusCode::INVALID_ARGUMENT);
  }
  context call;
  call.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  auto const writer = on.test.StreamingInputCall(&call, &response);
  expect(writer->Write(request), "the first write failed");
  request.mutable_expect_compressed()->set_value(false);
  set_body(request, request_sizes[3]);
  expect(writer->Write(request, WriteOptions{}.set_no_compression()), "the second write failed");
  writer->WritesDone();
  expect_code(writer->Finish(), StatusCode::OK);
  expect(response.aggregated_payload_size() == 73086, "the sum is wrong");
}

void server_streaming(stubs on) {
  context call;
  auto const reader = on.test.StreamingOutputCall(&call, output({31415, 9, 2653, 58979}));
  StreamingOutputCallResponse response;
  std::size_t count = 0;
  for (; reader->Read(&response); ++count) {
    expect(count != std::size(response_sizes), "a response too many");
    expect_size(response, response_sizes[count]);
  }
  expect(count == std::size(response_sizes), "a response is missing");
  expect_code(reader->Finish(), StatusCode::OK);
}

void server_compressed_streaming(stubs on) {
  context call;
  auto request = output({31415, 92653});
  request.mutable_response_parameters(0)->mutable_compressed()->set_value(true);
  request.mutable_response_parameters(1)->mutable_compressed()->set_value(false);
  auto const reader = on.test.StreamingOutputCall(&call, request);
  for (auto const& each : request.response_parameters()) {
    StreamingOutputCallResponse response;
    expect(reader->Read(&response), "a response is missing");
    expect_size(response, each.size());
    expect(inspector::compressed(call) == each.compressed().value(), "the compressed flag is wrong");
  }
  StreamingOutputCallResponse response;
  expect(!reader->Read(&response), "a response too many");
  expect_code(reader->Finish(), StatusCode::OK);
}

using duplex = grpc::ClientReaderWriter<StreamingOutputCallRequest, StreamingOutputCallResponse>;

void exchange(duplex& stream, int request_size, int response_size) {
  expect(stream.Write(output({response_size}, request_size)), "a write failed");
  StreamingOutputCallResponse response;
  expect(stream.Read(&response), "a response is missing");
  expect_size(response, response_size);
}
Status end(duplex& stream) {
  stream.WritesDone();
  StreamingOutputCallResponse response;
  expect(!stream.Read(&response), "a response too many");
  return stream.Finish();
}

void ping_pong(stubs on) {
  context call;
  auto const stream = on.test.FullDuplexCall(&call);
  for (std::size_t i = 0; i != std::size(request_sizes); ++i)
    exchange(*stream, request_sizes[i], response_sizes[i]);
  expect_code(end(*stream), StatusCode::OK);
}

void empty_stream(stubs on) {
  context call;
  expect_code(end(*on.test.FullDuplexCall(&call)), StatusCode::OK);
}

void expect_echo(std::multimap<grpc::string_ref, grpc::string_ref> const& in, char const* key,
                 std::string const& value) {
  expect(in.count(key) == 1, std::string{key} + " did not come once");
  expect(in.find(key)->second == value, std::string{key} + " is not what was sent");
}

void custom_metadata(stubs on) {
  std::string const initial = "test_initial_metadata_value";
  std::string const trailing = "\xab\xab\xab";
  context one;
  one.AddMetadata(echo_initial, initial);
  one.AddMetadata(echo_trailing, trailing);
  unary(on, one, simple());
  expect_echo(one.GetServerInitialMetadata(), echo_initial, initial);
  expect_echo(one.GetServerTrailingMetadata(), echo_trailing, trailing);

  context chat;
  chat.AddMetadata(echo_initial, initial);
  chat.AddMetadata(echo_trailing, trailing);
  auto const stream = on.test.FullDuplexCall(&chat);
  exchange(*stream, large_request, large_response);
  expect_code(end(*stream), StatusCode::OK);
  expect_echo(chat.GetServerInitialMetadata(), echo_initial, initial);
  expect_echo(chat.GetServerTrailingMetadata(), echo_trailing, trailing);
}

void expect_unknown(Status const& status, std::string const& message) {
  expect_code(status, StatusCode::UNKNOWN);
  expect(status.error_message() == message, "the message is \"" + status.error_message() + '"');
}
void fails_unary(stubs on, std::string const& message) {
  context call;
  SimpleRequest request;
  request.mutable_response_status()->set_code(2);
  request.mutable_response_status()->set_message(message);
  SimpleResponse response;
  expect_unknown(on.test.UnaryCall(&call, request, &response), message);
}

void status_code_and_message(stubs on) {
  std::string const message = "test status message";
  fails_unary(on, message);
  context call;
  auto const stream = on.test.FullDuplexCall(&call);
  auto request = output({});
  request.mutable_response_status()->set_code(2);
  request.mutable_response_status()->set_message(message);
  stream->Write(request);
  expect_unknown(end(*stream), message);
}

void special_status_message(stubs on) {
  fails_unary(on, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n");
}

void unimplemented_method(stubs on) {
  context call;
  Empty response;
  expect_code(on.test.UnimplementedCall(&call, {}, &response), StatusCode::UNIMPLEMENTED);
}
void unimplemented_service(stubs on) {
  context call;
  Empty response;
  expect_code(on.unimplemented.UnimplementedCall(&call, {}, &response), StatusCode::UNIMPLEMENTED);
}

void cancel_after_begin(stubs on) {
  context call;
  StreamingInputCallResponse response;
  auto const writer = on.test.StreamingInputCall(&call, &response);
  call.TryCancel();
  expect_code(writer->Finish(), StatusCode::CANCELLED);
}

void cancel_after_first_response(stubs on) {
  context call;
  auto const stream = on.test.FullDuplexCall(&call);
  exchange(*stream, request_sizes[0], response_sizes[0]);
  call.TryCancel();
  expect_code(stream->Finish(), StatusCode::CANCELLED);
}

void timeout_on_sleeping_server(stubs on) {
  context call{1ms};
  auto const stream = on.test.FullDuplexCall(&call);
  stream->Write(output({}, request_sizes[0]));
  expect_code(stream->Finish(), StatusCode::DEADLINE_EXCEEDED);
}

void pick_first_unary(stubs on) {
  std::set<std::string> servers;
  auto request = simple(1, 1);
  request.set_fill_server_id(true);
  for (int i = 0; i != 100; ++i) {
    context call;
    SimpleResponse response;
    expect_code(on.test.UnaryCall(&call, request, &response), StatusCode::OK);
    servers.insert(response.server_id());
  }
  expect(servers.size() == 1 && !servers.begin()->empty(), "not one server with an id");
}

void concurrent_large_unary(stubs on) {
  std::vector<std::string> failures(100);
  std::vector<std::thread> calls;
  for (auto& failure : failures)
    calls.emplace_back([&failure, on] {
      try {
        large_unary(on);
      } catch (std::exception const& error) { failure = error.what(); }
    });
  for (auto& each : calls) each.join();
  for (auto const& each : failures) expect(each.empty(), each);
}

void large_header(stubs on) {
  std::string const value(63 * 1024 - 512, 'h');
  context call;
  call.AddMetadata(echo_initial, value);
  unary(on, call, simple(1, 1));
  expect_echo(call.GetServerInitialMetadata(), echo_initial, value);
}

void client_stream_without_requests(stubs on) {
  context call;
  StreamingInputCallResponse response;
  auto const writer = on.test.StreamingInputCall(&call, &response);
  writer->WritesDone();
  expect_code(writer->Finish(), StatusCode::OK);
  expect(response.aggregated_payload_size() == 0, "the sum is wrong");
}

std::map<std::string, void (*)(stubs)> const cases = {
    {"empty_unary", empty_unary},
    {"large_unary", large_unary},
    {"client_compressed_unary", client_compressed_unary},
    {"server_compressed_unary", server_compressed_unary},
    {"client_streaming", client_streaming},
    {"client_compressed_streaming", client_compressed_streaming},
    {"server_streaming", server_streaming},
    {"server_compressed_streaming", server_compressed_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"custom_metadata", custom_metadata},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"pick_first_unary", pick_first_unary},
    {"concurrent_large_unary", concurrent_large_unary},
    {"large_header", large_header},
    {"client_stream_without_requests", client_stream_without_requests},
};

std::shared_ptr<grpc::Channel> connect(flag_map const& flags) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("grpc.max_metadata_size", header_limit);
  arguments.SetInt("grpc.absolute_max_metadata_size", header_limit);
  arguments.SetInt("grpc.use_local_subchannel_pool", 1);
  auto credentials = grpc::InsecureChannelCredentials();
  if (flags.truth("use_tls")) {
    grpc::SslCredentialsOptions options;
    if (flags.truth("use_test_ca")) options.pem_root_certs = read_file(flags.text("ca_file"));
    credentials = grpc::SslCredentials(options);
    if (auto const name = flags.text("server_host_override"); !name.empty())
      arguments.SetSslTargetNameOverride(name);
  }
  return grpc::CreateCustomChannel(
      flags.text("server_host", "localhost") + ':' + flags.text("server_port", "10000"), credentials,
      arguments);
}

void soak(flag_map const& flags, bool channel_for_each) {
  using clock = std::chrono::steady_clock;
  auto const end = clock::now() + std::chrono::seconds{flags.number("soak_overall_timeout_seconds", 10)};
  auto const acceptable =
      std::chrono::milliseconds{flags.number("soak_per_iteration_max_acceptable_latency_ms", 1000)};
  auto const request = simple(flags.number("soak_request_size", large_request),
                              flags.number("soak_response_size", large_response));
  std::atomic<int> left = flags.number("soak_iterations", 10);
  std::mutex guard;
  std::vector<std::string> failures;
  auto const chain = [&] {
    std::shared_ptr<grpc::Channel> channel;
    while (left-- > 0) {
      auto const begun = clock::now();
      if (channel == nullptr || channel_for_each) channel = connect(flags);
      std::string failure;
      try {
        expect(begun < end, "the overall timeout is over");
        auto const test = TestService::NewStub(channel);
        auto const missing = UnimplementedService::NewStub(channel);
        context call;
        unary({*test, *missing}, call, request);
        expect(clock::now() - begun <= acceptable, "it took too long");
        continue;
      } catch (std::exception const& error) { failure = error.what(); }
      std::lock_guard const lock{guard};
      failures.push_back(failure);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i != flags.number("soak_num_threads", 1); ++i) threads.emplace_back(chain);
  for (auto& each : threads) each.join();
  expect(
      failures.size() <= static_cast<std::size_t>(flags.number("soak_max_failures", 0)),
      std::to_string(failures.size()) + " failed, the first: " + (failures.empty() ? "" : failures.front()));
}

void run(flag_map const& flags, std::string const& name) {
  if (name == "rpc_soak" || name == "channel_soak") return soak(flags, name == "channel_soak");
  auto const found = cases.find(name);
  expect(found != cases.end(), "Unsupported test case");
  auto const channel = connect(flags);
  expect(channel->WaitForConnected(std::chrono::system_clock::now() + 20s), "no connection");
  auto const test = TestService::NewStub(channel);
  auto const missing = UnimplementedService::NewStub(channel);
  found->second({*test, *missing});
}

}  // namespace

int main(int argc, char** argv) {
  flag_map const flags{argc, argv};
  auto const name = flags.text("test_case", "large_unary");
  try {
    run(flags, name);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return 1;
  }
}
