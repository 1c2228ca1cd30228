// SPDX-License-Identifier: Apache-2.0
// Each allocation and each I/O operation of a call of each kind fails once, in turn. The program must not crash, leak or
// hang, the call must end, and the next one must go well.
#include "failing_memory.hpp"
#include "trial.hpp"

#include "support/workers.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <thread>

namespace {

using sluice::test::tally;
using torture::verdict;

std::size_t passed = 0;
std::size_t failed = 0;

void run_each(std::string const& name, std::function<verdict(std::size_t)> const& trial) {
  static_cast<void>(trial(0));  // what is made once in a program is made now
  verdict const whole = trial(0);
  if (whole.outcome != "OK" || !whole.wrong.empty()) {
    std::printf("FAILED %s: without a fault it ends with %s %s\n", name.c_str(), whole.outcome.c_str(),
                whole.wrong.c_str());
    ++failed;
    return;
  }
  tally sum;
  auto const bad = sluice::test::run_cases(
      1, whole.count, std::max(1U, std::thread::hardware_concurrency()),
      [&](std::uint64_t nth, tally& mine) {
        auto const how = trial(nth);
        mine.sums[0] += how.failed ? 1 : 0;
        mine.sums[1] += how.outcome == "OK" ? 1 : 0;
        mine.sums[2] += how.outcome == "std::bad_alloc" ? 1 : 0;
        mine.sums[3] += how.thrown ? 1 : 0;
        if (how.wrong.empty()) return true;
        std::printf("FAILED %s, number %llu: %s (the call: %s)\n", name.c_str(),
                    static_cast<unsigned long long>(nth), how.wrong.c_str(), how.outcome.c_str());
        return false;
      },
      sum);
  std::printf(
      "%s: %zu to fail, %llu did; calls OK all the same %llu, std::bad_alloc to their awaiter %llu, out of "
      "run %llu; %zu wrong:",
      name.c_str(), whole.count, static_cast<unsigned long long>(sum.sums[0]),
      static_cast<unsigned long long>(sum.sums[1]), static_cast<unsigned long long>(sum.sums[2]),
      static_cast<unsigned long long>(sum.sums[3]), bad.size());
  for (auto const each : bad) std::printf(" %llu", static_cast<unsigned long long>(each));
  std::printf("\n");
  failed += bad.size();
  passed += whole.count - bad.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate([] {
    torture::memory::disarm();
    std::fprintf(stderr, "terminate; the allocation that failed:\n");
    torture::memory::print_place();
    std::abort();
  });
  std::signal(SIGSEGV, [](int) {  // the last chance to tell where it began
    torture::memory::print_place();
    std::_Exit(139);
  });
  std::string const only = argc > 1 ? argv[1] : "";
  for (auto const which : torture::kinds) {
    std::string const name = torture::name_of(which);
    if (only != "allocations")
      for (auto const what : torture::io_faults)
        run_each(name + ", " + torture::name_of(what),
                 [=](std::size_t nth) { return torture::fail_io(which, what, nth); });
    if (only != "io")
      run_each(name + ", allocations", [=](std::size_t nth) { return torture::fail_allocation(which, nth); });
  }
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
