// SPDX-License-Identifier: Apache-2.0
#include "support/wall_clock.hpp"

#include <atomic>
#include <ctime>

namespace {
std::atomic<std::time_t> shift = 0;
}  // namespace

namespace sluice::test {
wall_clock_shift::wall_clock_shift(std::chrono::seconds by) noexcept { shift = by.count(); }
wall_clock_shift::~wall_clock_shift() { shift = 0; }
}  // namespace sluice::test

// In the C library's place.
extern "C" std::time_t time(std::time_t* into) noexcept {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::time_t const seconds = now.tv_sec + shift;
  if (into != nullptr) *into = seconds;
  return seconds;
}
