// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace suite {

void expect(bool fact, std::string const& why) {
  if (!fact) throw std::runtime_error{why};
}

void expect_code(sluice::status const& status, sluice::code code) {
  expect(status.code() == code, status.to_string() + ", not " + std::string{sluice::to_string(code)});
}

void expect_size(std::size_t size, std::int32_t wanted) {
  expect(size == static_cast<std::size_t>(wanted),
         std::to_string(size) + " bytes of payload, not " + std::to_string(wanted));
}

SimpleRequest simple_request(std::int32_t request_size, std::int32_t response_size) {
  SimpleRequest request;
  request.set_response_size(response_size);
  request.mutable_payload()->mutable_body()->resize(static_cast<std::size_t>(request_size));
  return request;
}

namespace {

constexpr char const* initial_key = "x-grpc-test-echo-initial";
constexpr char const* initial_value = "test_initial_metadata_value";
constexpr char const* trailing_key = "x-grpc-test-echo-trailing-bin";
constexpr char const* trailing_value = "\xab\xab\xab";

using duplex_call = sluice::bidi_streaming_call<StreamingOutputCallRequest, StreamingOutputCallResponse>;

void check(SimpleResponse const& response, std::int32_t size) {
  expect_size(response.payload().body().size(), size);
}

StreamingOutputCallRequest output_request(std::int32_t request_size, std::span<std::int32_t const> sizes) {
  StreamingOutputCallRequest request;
  request.mutable_payload()->mutable_body()->resize(static_cast<std::size_t>(request_size));
  for (auto const size : sizes) request.add_response_parameters()->set_size(size);
  return request;
}

task<void> expect_next(duplex_call& call, std::int32_t size) {
  auto const* const response = co_await call.next();
  expect(response != nullptr, "the stream ended before its responses");
  expect_size(response->payload().body().size(), size);
}
task<void> expect_end(duplex_call& call) { expect(co_await call.next() == nullptr, "a response too many"); }

task<sluice::status> end_of(duplex_call& call) {
  try {
    while (co_await call.next() != nullptr) {}
    co_return sluice::status{};
  } catch (sluice::status_error const& error) { co_return error.status(); }
}

task<void> empty_unary(stubs on) {
  Empty const request;
  auto const response = co_await on.test.EmptyCall(request, on.within());
  expect(response.ByteSizeLong() == 0, "the response is not empty");
}

}  // namespace

task<void> large_unary(stubs on) {
  auto const request = simple_request(large_request, large_response);
  check(co_await on.test.UnaryCall(request, on.within()), large_response);
}

namespace {

task<void> client_streaming(stubs on) {
  auto call = on.test.StreamingInputCall(on.within());
  for (auto const size : request_sizes) {
    StreamingInputCallRequest request;
    request.mutable_payload()->mutable_body()->resize(static_cast<std::size_t>(size));
    co_await call.write(request);
  }
  auto const response = co_await call.finish();
  auto const sum = std::accumulate(std::begin(request_sizes), std::end(request_sizes), 0);
  expect(response.aggregated_payload_size() == sum,
         "the server counted " + std::to_string(response.aggregated_payload_size()) + " bytes");
}

task<void> server_streaming(stubs on) {
  auto const request = output_request(0, response_sizes);
  auto responses = on.test.StreamingOutputCall(request, on.within());
  std::size_t count = 0;
  while (auto const* const response = co_await responses.next()) {
    expect(count != std::size(response_sizes), "a response too many");
    expect_size(response->payload().body().size(), response_sizes[count++]);
  }
  expect(count == std::size(response_sizes), std::to_string(count) + " responses");
}

task<void> ping_pong(stubs on) {
  auto call = on.test.FullDuplexCall(on.within());
  for (std::size_t i = 0; i != std::size(request_sizes); ++i) {
    auto const request = output_request(request_sizes[i], {&response_sizes[i], 1});
    co_await call.write(request);
    co_await expect_next(call, response_sizes[i]);
  }
  co_await call.writes_done();
  co_await expect_end(call);
}

task<void> empty_stream(stubs on) {
  auto call = on.test.FullDuplexCall(on.within());
  co_await call.writes_done();
  co_await expect_end(call);
}

void expect_echo(sluice::metadata const& in, char const* key, char const* value) {
  auto const values = in.get_all(key);
  expect(values.size() == 1, std::string{key} + ": " + std::to_string(values.size()) + " values");
  expect(values.front() == value, std::string{key} + " is not what was sent");
}

task<void> custom_metadata(stubs on) {
  on.metadata.add(initial_key, initial_value).add(trailing_key, trailing_value);
  auto const request = simple_request(large_request, large_response);
  auto unary = on.test.UnaryCall(request, on.within());
  check(co_await unary, large_response);
  expect_echo(unary.initial_metadata(), initial_key, initial_value);
  expect_echo(unary.trailing_metadata(), trailing_key, trailing_value);

  auto duplex = on.test.FullDuplexCall(on.within());
  auto const one = output_request(large_request, {&large_response, 1});
  co_await duplex.write(one);
  co_await expect_next(duplex, large_response);
  co_await duplex.writes_done();
  co_await expect_end(duplex);
  expect_echo(duplex.initial_metadata(), initial_key, initial_value);
  expect_echo(duplex.trailing_metadata(), trailing_key, trailing_value);
}

template <class Request>
Request failing_request(std::string const& message) {
  Request request;
  request.mutable_response_status()->set_code(static_cast<int>(sluice::code::unknown));
  request.mutable_response_status()->set_message(message);
  return request;
}
void expect_unknown(sluice::status const& status, std::string_view message) {
  expect_code(status, sluice::code::unknown);
  expect(status.message() == message, "the message is \"" + std::string{status.message()} + '"');
}

task<void> fails_unary(stubs on, std::string message) {
  auto const request = failing_request<SimpleRequest>(message);
  auto const outcome = co_await sluice::as_result(on.test.UnaryCall(request, on.within()));
  expect_unknown(outcome.status(), message);
}

task<void> status_code_and_message(stubs on) {
  std::string const message = "test status message";
  co_await fails_unary(on, message);
  auto call = on.test.FullDuplexCall(on.within());
  auto const request = failing_request<StreamingOutputCallRequest>(message);
  co_await call.write(request);
  co_await call.writes_done();
  expect_unknown(co_await end_of(call), message);
}

task<void> special_status_message(stubs on) {
  return fails_unary(std::move(on), "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n");
}

task<void> unimplemented_method(stubs on) {
  Empty const request;
  auto const outcome = co_await sluice::as_result(on.test.UnimplementedCall(request, on.within()));
  expect_code(outcome.status(), sluice::code::unimplemented);
}
task<void> unimplemented_service(stubs on) {
  Empty const request;
  auto const outcome = co_await sluice::as_result(on.unimplemented.UnimplementedCall(request, on.within()));
  expect_code(outcome.status(), sluice::code::unimplemented);
}

/// The first of them fails the call: it does not come compressed, as it says.
sluice::generator<StreamingInputCallRequest> endless() {
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(true);
  for (;;) {
    co_yield request;
    co_await sluice::sleep_for(1ms);
  }
}

sluice::generator<StreamingInputCallRequest> silence() {
  sluice::event never;
  co_await never.wait();
  co_yield StreamingInputCallRequest{};
}
task<void> end_of_upload(
    sluice::client_streaming_call<StreamingInputCallRequest, StreamingInputCallResponse>& call,
    sluice::status& how) {
  how = (co_await sluice::as_result(call)).status();
}

task<void> cancel_after_begin(stubs on) {
  auto call = on.test.StreamingInputCall(silence(), on.within());
  sluice::status how;
  sluice::scope beside;
  beside.spawn(end_of_upload(call, how));
  co_await sluice::sleep_for(20ms);  // until the headers are out, on a connection that the ready channel has
  call.cancel();
  co_await beside.join();
  expect_code(how, sluice::code::cancelled);
}

task<void> cancel_after_first_response(stubs on) {
  auto call = on.test.FullDuplexCall(on.within());
  auto const request = output_request(request_sizes[0], {&response_sizes[0], 1});
  co_await call.write(request);
  co_await expect_next(call, response_sizes[0]);
  call.cancel();
  expect_code(co_await end_of(call), sluice::code::cancelled);
}

task<void> timeout_on_sleeping_server(stubs on) {
  auto call = on.test.FullDuplexCall(on.within(1ms));
  auto const request = output_request(request_sizes[0], {});
  try {
    co_await call.write(request);
  } catch (sluice::status_error const&) {  // the deadline may be over by now: then it is the end too
  }
  expect_code(co_await end_of(call), sluice::code::deadline_exceeded);
}

task<void> pick_first_unary(stubs on) {
  std::set<std::string> servers;
  auto request = simple_request(1, 1);
  request.set_fill_server_id(true);
  for (int i = 0; i != 100; ++i)
    servers.insert((co_await on.test.UnaryCall(request, on.within())).server_id());
  expect(servers.size() == 1, std::to_string(servers.size()) + " servers answered");
  expect(!servers.begin()->empty(), "the server tells no server_id");
}

task<void> concurrent_large_unary(stubs on) {
  std::vector<task<void>> calls;
  for (int i = 0; i != 100; ++i) calls.push_back(large_unary(on));
  co_await sluice::when_all(std::move(calls));
}

task<void> large_header(stubs on) {
  std::string const value(63 * 1024 - 512, 'h');  // with the call's other fields, 63 KB
  on.metadata.add(initial_key, value);
  auto const request = simple_request(1, 1);
  auto call = on.test.UnaryCall(request, on.within());
  check(co_await call, 1);
  expect_echo(call.initial_metadata(), initial_key, value.c_str());
}

task<void> client_stream_without_requests(stubs on) {
  auto call = on.test.StreamingInputCall(on.within());
  auto const response = co_await call.finish();
  expect(response.aggregated_payload_size() == 0, "the server counted bytes");
}

// Not of the table: for the proxies. The server fails streams that the client has not half-closed.
task<void> early_error(stubs on) {
  for (int i = 0; i != 10; ++i) {
    auto chat = on.test.FullDuplexCall(on.within());
    auto const failing = failing_request<StreamingOutputCallRequest>("early");
    co_await chat.write(failing);
    expect_unknown(co_await end_of(chat), "early");

    auto upload = on.test.StreamingInputCall(endless(), on.within());
    auto const outcome = co_await sluice::as_result(upload);
    expect_code(outcome.status(), sluice::code::invalid_argument);
  }
}

constexpr test_case all[] = {
    {"empty_unary", empty_unary},
    {"large_unary", large_unary},
    {"client_streaming", client_streaming},
    {"server_streaming", server_streaming},
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
    {"early_error", early_error},
};

}  // namespace

std::span<test_case const> plain_cases() { return all; }

}  // namespace suite
