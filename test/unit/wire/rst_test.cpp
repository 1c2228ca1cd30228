// SPDX-License-Identifier: Apache-2.0
#include "wire/rst.hpp"

#include "support/catch.hpp"

#include <array>

using namespace sluice;
using namespace sluice::wire;

TEST_CASE("each RST_STREAM error code has its gRPC code") {
  constexpr std::array<code, 14> table{
      code::internal,            // NO_ERROR
      code::internal,            // PROTOCOL_ERROR
      code::internal,            // INTERNAL_ERROR
      code::internal,            // FLOW_CONTROL_ERROR
      code::internal,            // SETTINGS_TIMEOUT
      code::unknown,             // STREAM_CLOSED
      code::internal,            // FRAME_SIZE_ERROR
      code::unavailable,         // REFUSED_STREAM
      code::cancelled,           // CANCEL
      code::internal,            // COMPRESSION_ERROR
      code::internal,            // CONNECT_ERROR
      code::resource_exhausted,  // ENHANCE_YOUR_CALM
      code::permission_denied,   // INADEQUATE_SECURITY
      code::internal,            // HTTP_1_1_REQUIRED
  };
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    INFO(i);
    CHECK(code_for_rst(i) == table[i]);
  }
  CHECK(code_for_rst(14) == code::unknown);
  CHECK(code_for_rst(0xffffffff) == code::unknown);
}

TEST_CASE("only a refused stream may be tried again") {
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(rst_is_retryable(i) == (i == 7));
  CHECK(!rst_is_retryable(0xffffffff));
}

TEST_CASE("each gRPC code has its RST_STREAM error code") {
  CHECK(rst_for(code::ok) == 0x0);
  CHECK(rst_for(code::cancelled) == 0x8);
  CHECK(rst_for(code::deadline_exceeded) == 0x8);
  CHECK(rst_for(code::resource_exhausted) == 0xb);
  CHECK(rst_for(code::permission_denied) == 0xc);
  CHECK(rst_for(code::internal) == 0x2);
  CHECK(rst_for(code::unknown) == 0x2);
  CHECK(rst_for(code::unimplemented) == 0x2);
}

TEST_CASE("no code claims by itself that the call was never processed") {
  for (int i = 0; i < 256; ++i) CHECK(!rst_is_retryable(rst_for(static_cast<code>(i))));
}
