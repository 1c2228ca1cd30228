// SPDX-License-Identifier: Apache-2.0
// Calls on a schedule, as they come from many users who do not know of each other. A call's time counts from
// when it should have begun: a server or a generator that falls behind is not forgiven for what waits (no
// coordinated omission). A call for which no connection has a stream left is shed, as any client with a limit
// would do.
#include "histogram.hpp"
#include "load_set.hpp"

#include <algorithm>
#include <cstdio>

namespace bench {

struct load_set::schedule {
  clock::time_point begin;
  std::uint64_t rate;
  std::uint64_t begun = 0;
  std::uint64_t shed = 0;
  std::int64_t latest = 0;  // ns: how far the generator itself fell behind
  std::int64_t over = 0;  // ns: when the last call had begun or been shed

  std::uint64_t considered() const { return begun + shed; }
  // When a call is due, in ns from the begin; whole seconds apart, so that nothing overflows.
  std::int64_t due(std::uint64_t call) const {
    constexpr std::uint64_t second = 1'000'000'000;
    return static_cast<std::int64_t>(call / rate * second + call % rate * second / rate);
  }
  std::int64_t now() const { return std::chrono::nanoseconds(clock::now() - begin).count(); }
};

// On the connection whose turn it is, or the next one that has a stream left.
bool load_set::begin_call(std::int64_t intended) {
  for (std::size_t tried = 0; tried < all_.size(); ++tried) {
    auto& next = *all_[next_ % all_.size()];
    if (next.can_begin()) {
      next.begin_call(intended);
      return true;
    }
    ++next_;
  }
  return false;
}

void load_set::begin_due(schedule& plan) {
  auto const now = plan.now();
  auto const before = plan.considered();
  while (plan.considered() < options_.calls && plan.due(plan.considered()) <= now) {
    auto const due = plan.due(plan.considered());
    plan.latest = std::max(plan.latest, now - due);
    if (begin_call(due)) ++plan.begun;
    else ++plan.shed;
  }
  if (plan.considered() == before) return;
  plan.over = plan.now();
  ++next_;  // calls that are due together share a connection, and a send
  for (auto& each : all_) each->flush();
}

void load_set::make_calls_on_schedule() {
  histogram fast;
  histogram slow;
  schedule plan{clock::now(), options_.rate};
  budget_.to_finish = options_.calls;
  budget_.on_schedule = {plan.begin, &fast, &slow};
  while (plan.considered() < options_.calls || fast.total() + slow.total() < plan.begun) {
    begin_due(plan);
    bool const last = plan.considered() == options_.calls;
    auto const until_next = last ? std::int64_t{10'000'000'000} : plan.due(plan.considered()) - plan.now();
    if (!turn(std::chrono::nanoseconds(std::max<std::int64_t>(until_next, 0))) && last)
      fail("no reply within 10 seconds");
  }
  auto const spent = plan.now();
  std::printf(
      "{\"calls\": %llu, \"seconds\": %.6f, \"scheduled\": %.6f, \"shed\": %llu, \"late_us\": %.1f, "
      "\"p50_us\": %.1f, "
      "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, \"slow_p50_us\": %.1f}\n",
      static_cast<unsigned long long>(plan.begun), static_cast<double>(spent) / 1e9,
      static_cast<double>(plan.over) / 1e9, static_cast<unsigned long long>(plan.shed),
      static_cast<double>(plan.latest) / 1e3, fast.at_us(0.5), fast.at_us(0.99), fast.at_us(0.999),
      fast.largest_us(), slow.at_us(0.5));
  std::fflush(stdout);
}

}  // namespace bench
