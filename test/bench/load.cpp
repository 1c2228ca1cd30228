// SPDX-License-Identifier: Apache-2.0
// Unary calls of bench.Echo against any gRPC server, cheaper than any server answers them.
//
// With --warmup N it makes N calls first; with --pause it then prints `warm` and waits for a line, so that
// its caller can read the server's clocks; then come --calls N calls, which are timed.
//
// With --held N each connection first opens N streams of bench.Echo.Both, which stay open: the calls are made
// beside them, or with --kind messages are messages on them. With --kind mixed every second call is such a
// stream, which ends after one message: by itself, or with --cancel by RST_STREAM.
#include "load_connection.hpp"

#include <poll.h>

#include <memory>
#include <numeric>
#include <vector>

namespace {

using namespace bench;
using connections = std::vector<std::unique_ptr<load_connection>>;

void turn(connections& all, std::vector<pollfd>& polled) {
  for (std::size_t i = 0; i < all.size(); ++i)
    polled[i] = {all[i]->socket(), static_cast<short>(all[i]->wants_to_write() ? POLLIN | POLLOUT : POLLIN),
                 0};
  if (::poll(polled.data(), polled.size(), 10000) == 0) fail("no reply within 10 seconds");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (polled[i].revents == 0) continue;
    if (polled[i].revents != POLLOUT) all[i]->on_readable();
    all[i]->fill();
    all[i]->flush();
  }
}

void make_calls(connections& all, load_budget& budget, std::uint64_t calls) {
  std::vector<pollfd> polled(all.size());
  budget.to_start = budget.to_finish = calls;
  for (auto& each : all) {
    each->fill();
    each->flush();
  }
  while (budget.to_finish > 0) turn(all, polled);
}

std::uint64_t received(connections const& all) {
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                         [](auto sum, auto const& each) { return sum + each->received(); });
}

void hold(connections& all, load_budget& budget, unsigned count) {
  std::vector<pollfd> polled(all.size());
  auto const each_begins = [&](std::uint64_t calls, auto begin) {
    budget = {0, all.size() * calls};
    for (auto& each : all) {
      begin(*each);
      each->flush();
    }
    while (budget.to_finish > 0) turn(all, polled);
  };
  each_begins(1, [](load_connection& on) { on.begin_call(); });
  each_begins(count, [count](load_connection& on) { on.hold(count); });
}

void wait_until_ready(connections& all) {
  std::vector<pollfd> polled(all.size());
  for (auto& each : all) {
    while (!each->ready()) turn(all, polled);
  }
}

void open(connections& all, program_options const& options, load_budget& budget) {
  constexpr std::size_t at_once = 500;  // fewer than any server's queue has room for
  for (unsigned i = 0; i < options.connections; ++i) {
    all.push_back(std::make_unique<load_connection>(options, budget));
    all.back()->flush();
    if (all.size() % at_once == 0) wait_until_ready(all);
  }
  wait_until_ready(all);
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = read_options(argc, argv);
  bool const messages = options.kind == "messages";
  if (options.kind != "unary" && options.kind != "mixed" && !messages)
    fail("the load does not know this kind");
  if (messages && options.held == 0) fail("--kind messages needs --held");
  load_budget budget;
  connections all;
  open(all, options, budget);
  if (options.held > 0) hold(all, budget, options.held);
  if (options.warmup > 0) make_calls(all, budget, options.warmup);
  if (options.pause && !pause_warm()) return 1;
  auto const received_before = received(all);
  auto const begin = std::chrono::steady_clock::now();
  make_calls(all, budget, options.calls);
  auto const spent = std::chrono::steady_clock::now() - begin;
  for (auto& each : all) each->check_total();
  print_result(options.calls, spent, received(all) - received_before);
}
