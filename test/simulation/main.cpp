// SPDX-License-Identifier: Apache-2.0
// Clients and servers in a simulated world, a seed at a time. What is wrong is printed with the seed, and with the
// command that runs it again.
#include "seed_run.hpp"

#include "support/workers.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>

namespace {

// In a tally: calls by status code, and behind them
constexpr std::size_t codes = 17;
constexpr std::size_t seeds_run = codes;
constexpr std::size_t calls_made = codes + 1;

struct choices {
  std::uint64_t seeds = 300;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  unsigned twice = 50;
  bool trace = false;
};

void explain(std::uint64_t seed, simulated::seed_result const& result) {
  std::string text = "seed " + std::to_string(seed) + " FAILED\n";
  for (auto const& line : result.wrong) text += "  " + line + "\n";
  text += "  parameters: " + result.parameters + "\n  again, with a trace: ./dev simulate --seed " +
          std::to_string(seed) + " --trace\n";
  std::cout << text << std::flush;
}

bool run(std::uint64_t seed, bool twice, bool trace, sluice::test::tally& sum) {
  auto result = simulated::run_seed(seed, trace);
  if (twice && simulated::run_seed(seed, false).trace_hash != result.trace_hash)
    result.wrong.emplace_back("the same seed did not give the same run");
  ++sum.sums[seeds_run];
  sum.sums[calls_made] += result.calls;
  sum.highs[0] = std::max<std::uint64_t>(sum.highs[0], result.peak_memory);
  for (std::size_t code = 0; code != codes; ++code) sum.sums[code] += result.outcomes[code];
  constexpr std::size_t budget = std::size_t{32} * 1024 * 1024;
  if (result.peak_memory > budget)
    result.wrong.push_back("used " + std::to_string(result.peak_memory) + " bytes of memory");
  if (!result.wrong.empty()) explain(seed, result);
  return result.wrong.empty();
}

int run_one(choices const& with) {
  sluice::test::tally sum;
  bool const well = run(with.seed, true, with.trace, sum);
  auto const result = simulated::run_seed(with.seed, false);
  std::cout << "seed " << with.seed << ": " << result.calls << " calls, peak memory "
            << result.peak_memory / 1024 << " KiB, trace " << std::hex << result.trace_hash << std::dec
            << "\n";
  return well ? 0 : 1;
}

int run_all(choices const& with) {
  auto const began = std::chrono::steady_clock::now();
  sluice::test::tally sum;
  auto const failures = sluice::test::run_cases(
      with.first, with.seeds, with.jobs,
      [&](std::uint64_t seed, sluice::test::tally& mine) {
        return run(seed, with.twice != 0 && seed % with.twice == 0, false, mine);
      },
      sum);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
  std::printf(
      "%llu seeds, %llu calls in %.1f s (%.1f ms a seed and job); peak memory %llu KiB\n",
      static_cast<unsigned long long>(sum.sums[seeds_run]),
      static_cast<unsigned long long>(sum.sums[calls_made]), took.count(),
      took.count() * 1000 * with.jobs / static_cast<double>(std::max<std::uint64_t>(sum.sums[seeds_run], 1)),
      static_cast<unsigned long long>(sum.highs[0] / 1024));
  std::printf("calls by status code:");
  for (std::size_t code = 0; code != codes; ++code)
    std::printf(" %zu:%llu", code, static_cast<unsigned long long>(sum.sums[code]));
  std::printf("\n");
  for (auto const seed : failures) std::printf("FAILED: seed %llu\n", static_cast<unsigned long long>(seed));
  std::printf("%llu passed, %zu failed\n",
              static_cast<unsigned long long>(sum.sums[seeds_run] -
                                              std::min<std::uint64_t>(sum.sums[seeds_run], failures.size())),
              failures.size());
  return failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  choices with;
  CLI::App app{"Clients and servers in a simulated world: random faults, one thread, one seed"};
  app.add_option("--seeds", with.seeds, "how many seeds")->capture_default_str();
  app.add_option("--first", with.first, "the first one")->capture_default_str();
  app.add_option("--jobs", with.jobs, "processes at once")->capture_default_str();
  app.add_option("--twice", with.twice, "each n-th seed runs twice, and must go the same way; 0: none")
      ->capture_default_str();
  auto* const one = app.add_option("--seed", with.seed, "this one alone");
  app.add_flag("--trace", with.trace, "with --seed: print everything that happens");
  CLI11_PARSE(app, argc, argv);
  return one->count() != 0 ? run_one(with) : run_all(with);
}
