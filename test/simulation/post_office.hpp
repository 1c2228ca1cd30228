// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "letters.hpp"
#include "post.sluice.hpp"

#include <sluice/sluice.hpp>
#include <sluice/testing/world.hpp>

#include <cstdint>
#include <set>
#include <string>

namespace simulated {

/// The handlers of every server of a seed: they do what the plan of a call says, and check what they read.
class post_office final : public PostService {
 public:
  post_office(sluice::testing::world& in, findings& found) noexcept : world_{in}, found_{found} {}

  sluice::task<Letter> Send(Letter request) override;
  sluice::generator<Letter> Collect(Letter request) override;
  sluice::task<Letter> Deliver(sluice::generator<Letter> letters) override;
  sluice::generator<Letter> Correspond(sluice::generator<Letter> letters) override;

  /// Handlers that have not ended.
  [[nodiscard]] std::size_t running() const noexcept { return running_.size(); }
  /// How many calls came at all.
  [[nodiscard]] std::size_t served() const noexcept { return seen_.size(); }
  /// When nothing is left to do before time passes: a handler whose deadline is over has been told.
  void check_deadlines(sluice::time_point now);

 private:
  class visit;
  [[nodiscard]] sluice::task<void> pause(Plan const& plan);
  void check(Letter const& letter, std::uint64_t call, std::uint32_t index);
  void begin(visit& here, sluice::server_call& call, Letter const& first);

  sluice::testing::world& world_;
  findings& found_;
  std::set<std::uint64_t> seen_;
  std::set<visit*> running_;
};

[[nodiscard]] inline sluice::status planned_end(Plan const& plan) {
  auto const code = static_cast<sluice::code>(plan.code());
  return code == sluice::code::ok ? sluice::status{} : sluice::status{code, "as planned"};
}

}  // namespace simulated
