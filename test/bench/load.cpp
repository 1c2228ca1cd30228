// SPDX-License-Identifier: Apache-2.0
// Unary calls of bench.Echo against any gRPC server, cheaper than any server answers them.
//
// With --warmup N it makes N calls first; with --pause it then prints `warm` and waits for a line, so that
// its caller can read the server's clocks; then come --calls N calls, which are timed.
//
// With --held N each connection first opens N streams of bench.Echo.Both, which stay open: the calls are made
// beside them, or with --kind messages are messages on them. With --kind mixed every second call is such a
// stream, which ends after one message: by itself, or with --cancel by RST_STREAM.
//
// --kind connect makes a connection for each call. With --rate N the calls begin on a schedule (open_loop.cpp).
#include "load_set.hpp"

#include <sys/prctl.h>

#include <csignal>

namespace {

using namespace bench;

void check(program_options const& options) {
  auto const& kind = options.kind;
  if (kind != "unary" && kind != "mixed" && kind != "messages" && kind != "connect")
    fail("the load does not know this kind");
  if (kind == "messages" && options.held == 0) fail("--kind messages needs --held");
  if (kind != "unary" && options.rate > 0) fail("--rate is for unary calls");
  if (options.slow && options.rate == 0) fail("--slow needs --rate: calls that are due do not wait for it");
}

void make(load_set& all, program_options const& options, std::uint64_t calls) {
  options.kind == "connect" ? all.make_connections(calls) : all.make_calls(calls);
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = read_options(argc, argv);
  check(options);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // a schedule is kept to less than the usual 50 us
  load_set all(options);
  if (options.kind != "connect") all.open();
  if (options.held > 0) all.hold(options.held);
  if (options.warmup > 0) make(all, options, options.warmup);
  if (options.pause && !pause_warm()) return 1;
  if (options.rate > 0) {
    all.make_calls_on_schedule();
  } else {
    auto const received = all.received();
    auto const begin = std::chrono::steady_clock::now();
    make(all, options, options.calls);
    print_result(options.calls, std::chrono::steady_clock::now() - begin, all.received() - received);
  }
  all.check();
}
