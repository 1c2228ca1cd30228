// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

namespace suite {
namespace {

using sluice::compression_mode;

sluice::call_options compressed(stubs const& on) {
  return on.within().compression("gzip", compression_mode::always);
}

SimpleRequest expecting(bool compressed) {
  auto request = simple_request(large_request, large_response);
  request.mutable_expect_compressed()->set_value(compressed);
  return request;
}
StreamingInputCallRequest input(std::int32_t size, bool compressed) {
  StreamingInputCallRequest request;
  request.mutable_payload()->mutable_body()->resize(static_cast<std::size_t>(size));
  request.mutable_expect_compressed()->set_value(compressed);
  return request;
}

task<void> client_compressed_unary(stubs on) {
  auto const request = expecting(true);
  auto const probe = co_await sluice::as_result(on.test.UnaryCall(request, on.within()));
  expect_code(probe.status(), sluice::code::invalid_argument);
  auto const first = co_await on.test.UnaryCall(request, compressed(on));
  expect_size(first.payload().body().size(), large_response);
  auto const plain = expecting(false);
  auto const second = co_await on.test.UnaryCall(plain, on.within());
  expect_size(second.payload().body().size(), large_response);
}

task<void> server_compressed_unary(stubs on) {
  for (bool const asked : {true, false}) {
    auto request = simple_request(large_request, large_response);
    request.mutable_response_compressed()->set_value(asked);
    auto call = on.test.UnaryCall(request, on.within());
    auto const response = co_await call;
    expect_size(response.payload().body().size(), large_response);
    expect(call.response_compressed() == asked,
           asked ? "the response is not compressed" : "the response is compressed");
  }
}

task<void> client_compressed_streaming(stubs on) {
  auto const first = input(request_sizes[0], true);
  auto const second = input(request_sizes[3], false);
  auto probe = on.test.StreamingInputCall(on.within());
  co_await probe.write(first);
  auto const outcome = co_await sluice::as_result(probe.finish());
  expect_code(outcome.status(), sluice::code::invalid_argument);

  auto call = on.test.StreamingInputCall(compressed(on));
  co_await call.write(first);
  co_await call.write(second, compression_mode::never);
  auto const response = co_await call.finish();
  expect_size(static_cast<std::size_t>(response.aggregated_payload_size()),
              request_sizes[0] + request_sizes[3]);
}

task<void> server_compressed_streaming(stubs on) {
  StreamingOutputCallRequest request;
  for (auto const size : {31415, 92653}) request.add_response_parameters()->set_size(size);
  request.mutable_response_parameters(0)->mutable_compressed()->set_value(true);
  request.mutable_response_parameters(1)->mutable_compressed()->set_value(false);
  auto call = on.test.StreamingOutputCall(request, on.within());
  for (auto const& asked : request.response_parameters()) {
    auto const* const response = co_await call.next();
    expect(response != nullptr, "a response is missing");
    expect_size(response->payload().body().size(), asked.size());
    expect(call.response_compressed() == asked.compressed().value(),
           "a response is not compressed as was asked for");
  }
  expect(co_await call.next() == nullptr, "a response too many");
}

constexpr test_case all[] = {
    {"client_compressed_unary", client_compressed_unary},
    {"server_compressed_unary", server_compressed_unary},
    {"client_compressed_streaming", client_compressed_streaming},
    {"server_compressed_streaming", server_compressed_streaming},
};

}  // namespace

std::span<test_case const> compression_cases() { return all; }

}  // namespace suite
