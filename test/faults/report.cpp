// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>

namespace faults {
namespace {

constexpr auto introduction = R"(# Faults

What becomes of calls when the network, the server or the machine fails. `./dev faults` plays each line with each of
the four kinds of call, one at a time and 100 at once, over h2c and over TLS: 16 cells (8 where the fault is one of
TLS), through a TCP proxy that does the harm (`test/faults/chaos_proxy.hpp`). One status in a line is that of every call
of every cell. Where the fault strikes calls under way, their handlers have all begun. Calls that DEADLINE_EXCEEDED is
expected of have a timeout of 2.5 s, where time itself does not jump.

The run fails when a status differs from `test/faults/fault_list.cpp` or from this page, when the last call ends later
than the bound, or when no new call on the same channel succeeds within ten seconds of the fault's end. The bounds are
those of a busy machine; the run prints what it took. `./dev faults --write` writes this page.

| fault | what happens | status | within |
|---|---|---|---|
)";

std::string codes_of(cell_result const& found) {
  std::string text;
  for (auto const& [code, count] : found.codes) {
    if (!text.empty()) text += ", ";
    text += to_string(code);
  }
  return text;
}

// One status where all cells of a fault agree; else each kind that differs by name.
std::string statuses_of(fault const& of, std::vector<cell> const& cells,
                        std::vector<cell_result> const& results) {
  std::set<std::string> different;
  std::string named;
  for (std::size_t i = 0; i != cells.size(); ++i) {
    if (cells[i].what != &of) continue;
    std::string const codes = codes_of(results[i]);
    different.insert(codes);
    if (!named.empty()) named += "; ";
    named += std::string{to_string(cells[i].which)} + " × " + std::to_string(cells[i].calls) +
             (cells[i].secured != nullptr ? " with TLS" : "") + ": " + codes;
  }
  return different.size() == 1 ? *different.begin() : named;
}

std::string seconds(std::chrono::milliseconds of) {
  std::ostringstream out;
  out << static_cast<double>(of.count()) / 1000 << " s";
  return out.str();
}

std::string table(std::vector<cell> const& cells, std::vector<cell_result> const& results) {
  std::ostringstream out;
  out << introduction;
  for (auto const& each : all_faults())
    out << "| " << each.name << " | " << each.what << " | " << statuses_of(each, cells, results) << " | "
        << seconds(each.bound) << " |\n";
  return out.str();
}

std::string contents(std::string const& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void print_times(std::vector<cell> const& cells, std::vector<cell_result> const& results) {
  for (auto const& each : all_faults()) {
    std::chrono::milliseconds ended{0};
    std::chrono::milliseconds recovered{0};
    bool played = false;
    for (std::size_t i = 0; i != cells.size(); ++i) {
      if (cells[i].what != &each) continue;
      played = true;
      ended = std::max(ended, results[i].ended_after);
      recovered = std::max(recovered, results[i].recovered_after);
    }
    if (played)
      std::cout << each.name << ": " << statuses_of(each, cells, results) << ", ended within "
                << ended.count() << " ms, recovered within " << recovered.count() << " ms\n";
  }
}

}  // namespace

std::string describe(cell const& of) {
  return std::string{of.what->name} + ", " + std::string{to_string(of.which)} + ", " +
         std::to_string(of.calls) + (of.calls == 1 ? " call" : " calls") +
         (of.secured != nullptr ? ", TLS" : "");
}

int conclude(std::vector<cell> const& cells, std::vector<cell_result> const& results,
             std::string const& report, bool write, bool complete) {
  print_times(cells, results);
  auto failed =
      std::count_if(results.begin(), results.end(), [](auto const& each) { return !each.wrong.empty(); });
  auto passed = static_cast<std::ptrdiff_t>(results.size()) - failed;
  if (complete && !report.empty()) {
    std::string const now = table(cells, results);
    if (write) {
      std::ofstream{report} << now;
    } else if (contents(report) != now) {
      std::cout << "FAIL  " << report
                << " differs from what was seen: ./dev faults --write, and look at the change\n";
      ++failed;
    } else {
      ++passed;
    }
  }
  std::cout << passed << " passed, " << failed << " failed, 0 skipped" << std::endl;
  return failed == 0 && passed != 0 ? 0 : 1;
}

}  // namespace faults
