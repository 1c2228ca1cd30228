// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/errors.hpp>

#include "support/catch.hpp"

#include <array>
#include <set>
#include <string>
#include <utility>

using namespace sluice;

namespace {

constexpr std::array<std::pair<errc, code>, 18> table{{
    {errc::ok, code::ok},
    {errc::message_too_large, code::resource_exhausted},
    {errc::bad_message_flag, code::internal},
    {errc::compressed_without_encoding, code::internal},
    {errc::truncated_message, code::internal},
    {errc::malformed_message, code::internal},
    {errc::malformed_compression, code::internal},
    {errc::missing_message, code::unimplemented},
    {errc::too_many_messages, code::unimplemented},
    {errc::bad_content_type, code::unknown},
    {errc::bad_header, code::internal},
    {errc::missing_status, code::internal},
    {errc::protocol_error, code::unavailable},
    {errc::not_http2, code::unavailable},
    {errc::handshake_failed, code::unavailable},
    {errc::connection_closed, code::unavailable},
    {errc::stream_reset, code::internal},
    {errc::closed, code::failed_precondition},
}};

}  // namespace

TEST_CASE("each errc has its status code") {
  for (std::size_t i = 0; i != table.size(); ++i) {
    auto const [why, expected] = table[i];
    INFO(to_string(why));
    CHECK(static_cast<std::size_t>(why) == i);  // none is left out
    CHECK(to_status(why).code() == expected);
  }
  CHECK(to_status(static_cast<errc>(table.size())).code() == code::unknown);
}

TEST_CASE("a status from an errc says what went wrong, each in its own words") {
  std::set<std::string> said;
  for (auto const& [why, expected] : table) {
    if (why == errc::ok) continue;
    status const s = to_status(why);
    CHECK(s.message() == to_string(why));
    CHECK_FALSE(s.message().empty());
    CHECK(s.who() == origin::local);
    CHECK(said.emplace(s.message()).second);
  }
}

TEST_CASE("what is known beside the errc is added behind a colon") {
  status const s = to_status(errc::protocol_error, "DATA on stream 0");
  CHECK(s.code() == code::unavailable);
  CHECK(s.message() == std::string{to_string(errc::protocol_error)} + ": DATA on stream 0");
}

TEST_CASE("ok stays ok, whatever is added") {
  CHECK(to_status(errc::ok).ok());
  CHECK(to_status(errc::ok, "text") == status{});
}
