// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/world_faults.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

namespace sluice::testing {
namespace {

// From `rare` to `often`, evenly over the orders of magnitude between them; half of the worlds do without.
double intensity(random_numbers& random, double rare, double often) {
  if (random.chance(0.5)) return 0;
  double value = often;
  for (auto halvings = random.below(8); halvings != 0 && value / 2 >= rare; --halvings) value /= 2;
  return value;
}

duration up_to(random_numbers& random, std::chrono::milliseconds longest) {
  return std::chrono::milliseconds{1 + random.skewed(static_cast<std::uint64_t>(longest.count()) - 1)};
}

}  // namespace

world_faults world_faults::drawn_from(random_numbers& random) {
  world_faults drawn;
  if (random.chance(0.05)) return drawn;  // a perfect world is one of them
  drawn.split = intensity(random, 0.01, 0.9);
  drawn.delay = intensity(random, 0.01, 0.9);
  drawn.max_delay = up_to(random, std::chrono::milliseconds{200});
  drawn.slow = intensity(random, 0.1, 1);
  drawn.max_capacity = random.chance(0.5) ? 64 * 1024 : 64 + random.skewed(32 * 1024);
  drawn.refuse = intensity(random, 0.05, 0.5);
  drawn.reset = intensity(random, 0.05, 0.5);
  drawn.half_close = intensity(random, 0.05, 0.5);
  drawn.blackhole = intensity(random, 0.05, 0.5);
  drawn.max_silence = up_to(random, std::chrono::seconds{60});
  drawn.goaway = intensity(random, 0.0005, 0.05);
  drawn.rst = intensity(random, 0.001, 0.1);
  drawn.settings = intensity(random, 0.001, 0.1);
  drawn.ping = intensity(random, 0.001, 0.05);
  drawn.clock_jump = intensity(random, 0.01, 0.2);
  drawn.max_jump = up_to(random, std::chrono::seconds{5});
  drawn.reorder = intensity(random, 0.01, 0.8);
  drawn.stop = intensity(random, 0.0005, 0.02);
  return drawn;
}

std::string world_faults::to_string() const {
  std::string text;
  auto const add = [&text](char const* name, double value) {
    if (value <= 0) return;
    std::array<char, 32> number{};
    static_cast<void>(std::snprintf(number.data(), number.size(), "%.3g", value));
    text.append(text.empty() ? "" : " ").append(name).append("=").append(number.data());
  };
  auto const milliseconds = [](duration time) {
    return std::chrono::duration<double, std::milli>{time}.count();
  };
  for (auto const& [name, value] : {std::pair{"split", split},
                                    {"delay", delay},
                                    {"slow", slow},
                                    {"refuse", refuse},
                                    {"reset", reset},
                                    {"half_close", half_close},
                                    {"blackhole", blackhole},
                                    {"goaway", goaway},
                                    {"rst", rst},
                                    {"settings", settings},
                                    {"ping", ping},
                                    {"clock_jump", clock_jump},
                                    {"reorder", reorder},
                                    {"stop", stop}})
    add(name, value);
  if (delay > 0) add("max_delay_ms", milliseconds(max_delay));
  if (blackhole > 0) add("max_silence_ms", milliseconds(max_silence));
  if (clock_jump > 0) add("max_jump_ms", milliseconds(max_jump));
  if (max_capacity != world_faults{}.max_capacity) add("max_capacity", static_cast<double>(max_capacity));
  return text.empty() ? "none" : text;
}

}  // namespace sluice::testing
