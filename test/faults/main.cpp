// SPDX-License-Identifier: Apache-2.0
// The fault matrix: what becomes of calls when the network, the server or the machine fails, and whether the channel
// recovers.
#include "cell.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace faults;

/// Plays the cells, several at a time.
class matrix {
 public:
  matrix(asio::io_context& io, std::vector<cell> cells)
      : io_{io}, cells_{std::move(cells)}, results_(cells_.size()) {}

  void run(std::size_t at_once) {
    for (std::size_t i = 0; i != at_once; ++i) start_next();
    io_.run();
  }
  [[nodiscard]] std::vector<cell> const& cells() const noexcept { return cells_; }
  [[nodiscard]] std::vector<cell_result> const& results() const noexcept { return results_; }

 private:
  void start_next() {
    if (next_ == cells_.size()) return;
    std::size_t const index = next_++;
    auto const strand = asio::make_strand(io_);
    sluice::spawn(strand, play(cells_[index], strand, serve(cells_[index])),
                  [this, index](std::exception_ptr error, cell_result found) {
                    results_[index] = std::move(found);
                    if (error) results_[index].wrong = why(error);
                    tell(index);
                    start_next();
                  });
  }
  static command serve(cell const& of) {
    command words{"/proc/self/exe"};
    if (of.secured != nullptr)
      words.insert(words.end(), {"--chain", of.secured->chain(), "--key", of.secured->key()});
    words.emplace_back("--serve");
    return words;
  }
  static std::string why(std::exception_ptr error) {
    try {
      std::rethrow_exception(std::move(error));
    } catch (std::exception const& thrown) { return thrown.what(); }
  }
  void tell(std::size_t index) const {
    if (results_[index].wrong.empty()) return;
    std::cout << "FAIL  " << describe(cells_[index]) << ": " << results_[index].wrong << std::endl;
  }

  asio::io_context& io_;
  std::vector<cell> cells_;
  std::vector<cell_result> results_;
  std::size_t next_ = 0;
};

std::vector<cell> choose(std::string const& only, credentials const& made, bool sanitized) {
  std::vector<cell> chosen;
  for (auto const& each : all_faults()) {
    if (!each.name.starts_with(only)) continue;
    // UBSan looks at an object's memory through a pipe of its own, and without one takes it for broken.
    if (sanitized && each.name == "descriptor limit") continue;
    for (auto const which : all_kinds) {
      for (std::size_t const calls : {1, 100}) {
        if (!each.of_tls) chosen.push_back({&each, which, calls, nullptr});
        chosen.push_back({&each, which, calls, &made});
      }
    }
  }
  return chosen;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays the fault matrix; docs/faults.md is its table."};
  std::string only;
  std::string report;
  bool write = false;
  bool list = false;
  bool sanitized = false;  // ./dev has chosen by it
  std::size_t at_once = 12;
  int port = -1;
  std::string chain;
  std::string key;
  app.add_option("--only", only, "the faults whose name begins so");
  app.add_option("--report", report, "the table to compare with: a difference is a failure");
  app.add_flag("--write", write, "writes the table instead");
  app.add_flag("--sanitized", sanitized, "this is the build with sanitizers");
  app.add_flag("--list", list, "names the faults");
  app.add_option("--at-once", at_once, "cells that are played at a time")->capture_default_str();
  app.add_option("--chain", chain, "its certificate")->group("");
  app.add_option("--key", key, "its key")->group("");
  app.add_option("--serve", port, "be the server process of a cell")->group("");
  CLI11_PARSE(app, argc, argv);
  try {
    if (port >= 0) {
      serve_as_child(static_cast<std::uint16_t>(port), chain, key);
      return 0;
    }
    if (list) {
      for (auto const& each : all_faults()) std::cout << each.name << ": " << each.what << '\n';
      return 0;
    }
    asio::io_context io{1};
    credentials const made;
    matrix played{io, choose(only, made, sanitized)};
    played.run(at_once);
    return conclude(played.cells(), played.results(), report, write, only.empty() && !sanitized);
  } catch (std::exception const& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}
