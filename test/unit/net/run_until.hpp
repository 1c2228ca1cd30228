// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>

namespace sluice::test {

/// Runs `io` until `condition` holds; false when it still does not after ten seconds.
template <class Condition>
[[nodiscard]] bool run_until(boost::asio::io_context& io, Condition condition) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (io.stopped()) io.restart();
    io.run_one_for(std::chrono::milliseconds{20});
    if (std::chrono::steady_clock::now() > end) return condition();
  }
  return true;
}

}  // namespace sluice::test
