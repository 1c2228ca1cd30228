// SPDX-License-Identifier: Apache-2.0
//
// The suite's cases on sluice: what each does is in ../cases.md.
#pragma once

#include "flags.hpp"

#include "grpc/testing/test.sluice.hpp"

#include <sluice/sluice.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace suite {

using namespace std::chrono_literals;
using grpc::testing::Empty;
using grpc::testing::ResponseParameters;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;
using sluice::task;

inline constexpr std::int32_t large_request = 271828;
inline constexpr std::int32_t large_response = 314159;
inline constexpr std::int32_t request_sizes[] = {27182, 8, 1828, 45904};
inline constexpr std::int32_t response_sizes[] = {31415, 9, 2653, 58979};

/// What a case calls.
struct stubs {
  grpc::testing::TestServiceStub test;
  grpc::testing::UnimplementedServiceStub unimplemented;
  sluice::metadata metadata;  // goes with every call

  [[nodiscard]] sluice::call_options within(sluice::duration timeout = 20s) const {
    return sluice::call_options{}.timeout(timeout).metadata(metadata);
  }
};

/// Throws when something is not as it should be.
struct test_case {
  char const* name;
  task<void> (*run)(stubs);
};
std::span<test_case const> plain_cases();
std::span<test_case const> compression_cases();

void expect(bool fact, std::string const& why);
void expect_code(sluice::status const& status, sluice::code code);

void expect_size(std::size_t size, std::int32_t wanted);
SimpleRequest simple_request(std::int32_t request_size, std::int32_t response_size);
task<void> large_unary(stubs on);

/// rpc_soak, or channel_soak with a new channel for each iteration: what was seen, and throws when it failed too often.
void soak(client_flags const& flags, bool channel_for_each);

[[nodiscard]] sluice::channel_options channel_options(client_flags const& flags);

}  // namespace suite
