// SPDX-License-Identifier: Apache-2.0
#include "wire/timeout.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>

namespace sluice::wire {
namespace {

// Zero: there is no such unit.
constexpr std::int64_t nanoseconds_of(char unit) noexcept {
  switch (unit) {
    case 'n': return 1;
    case 'u': return 1'000;
    case 'm': return 1'000'000;
    case 'S': return 1'000'000'000;
    case 'M': return 60'000'000'000;
    case 'H': return 3'600'000'000'000;
    default: return 0;
  }
}

constexpr char units[] = {'n', 'u', 'm', 'S', 'M', 'H'};
constexpr std::size_t max_digits = 8;
constexpr std::int64_t max_value = 99'999'999;

}  // namespace

std::optional<duration> parse_timeout(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > max_digits + 1) return std::nullopt;
  std::int64_t value = 0;
  for (char const c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  std::int64_t const unit = nanoseconds_of(text.back());
  if (unit == 0) return std::nullopt;
  if (value > std::numeric_limits<std::int64_t>::max() / unit) return duration::max();
  return std::chrono::duration_cast<duration>(std::chrono::nanoseconds{value * unit});
}

std::size_t format_timeout(duration timeout, char (&out)[16]) noexcept {
  std::int64_t const nanoseconds =
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count());
  char const* chosen = units;
  std::int64_t value = nanoseconds;
  while (value > max_value) {
    std::int64_t const unit = nanoseconds_of(*++chosen);
    value = nanoseconds / unit + (nanoseconds % unit != 0 ? 1 : 0);
  }
  char* const end = std::to_chars(out, out + max_digits, value).ptr;
  *end = *chosen;
  return static_cast<std::size_t>(end - out) + 1;
}

std::string format_timeout(duration timeout) {
  char text[16];
  std::size_t const size = format_timeout(timeout, text);
  return std::string{text, size};
}

}  // namespace sluice::wire
