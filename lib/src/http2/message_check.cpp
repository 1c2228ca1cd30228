// SPDX-License-Identifier: Apache-2.0
#include "http2/message_check.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sluice::http2 {
namespace {

std::optional<std::int64_t> parse_length(std::string_view text) noexcept {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void message_check::take_lengths(received_list& list) {
  std::erase_if(list.fields, [this](received_field const& field) {
    return field.name == "content-length" && !take_length(field.value);
  });
}

bool message_check::take_length(std::string_view value) noexcept {
  auto const length = parse_length(value);
  // Some servers say "content-length: 0" where there must be none: that is dropped.
  bool const pointless = (seen_ & seen::no_content) != 0;
  bool const misplaced = (seen_ & seen::interim) != 0 || (pointless && value != "0");
  if (!length || length_ != unknown || misplaced) seen_ |= seen::wrong;
  else length_ = *length;
  return !pointless;
}

bool message_check::end_list(side receiver, bool end_stream) noexcept {
  bool good = !wrong();
  if ((seen_ & seen::trailers) != 0) good = good && end_stream;
  else if (receiver == side::server) good = good && good_request();
  else good = good && good_response();
  return judge(good) && (!end_stream || end());
}

bool message_check::good_request() noexcept {
  if ((seen_ & seen::connect) != 0) {
    length_ = unknown;
    return (seen_ & (seen::scheme | seen::path)) == 0 && (seen_ & seen::authority) != 0;
  }
  constexpr std::uint32_t needed = seen::method | seen::scheme | seen::path;
  if ((seen_ & needed) != needed || (seen_ & (seen::authority | seen::host)) == 0) return false;
  bool const all_options = (seen_ & seen::options) != 0 && (seen_ & seen::star_path) != 0;
  return (seen_ & seen::web_scheme) == 0 || (seen_ & seen::rooted_path) != 0 || all_options;
}

bool message_check::good_response() noexcept {
  if ((seen_ & seen::status) == 0) return false;
  if ((seen_ & seen::interim) != 0) {
    seen_ = seen::anything | seen::expects_final;
    length_ = unknown;
    return true;
  }
  seen_ &= ~seen::expects_final;
  if ((seen_ & seen::no_body) != 0) length_ = 0;
  return true;
}

bool message_check::take_data(std::size_t size) noexcept {
  received_ += static_cast<std::int64_t>(size);
  return judge((seen_ & seen::expects_final) == 0 && (length_ == unknown || received_ <= length_));
}

bool message_check::end() noexcept {
  return judge((seen_ & seen::expects_final) == 0 && (length_ == unknown || received_ == length_));
}

}  // namespace sluice::http2
