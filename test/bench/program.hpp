// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

// The command line and the output that all programs of the benchmark share, so that bench.py drives each of
// them in the same way:
//
//   a server  --port N                                     prints `listening on PORT`, ends on SIGTERM
//   a client  --port N --kind unary|download|upload|both|latency
//             --connections C --streams S --calls N        prints {"calls": N, "seconds": x}; of latency, which
//                                                          is one unary call after the other, also
//                                                          "p50_us" and "p99_us"
//   the load  the options of a client, --warmup N --pause  the same, and "received", see load.cpp
//             --kind messages  go round the streams of --held
//             --kind mixed  every second call is a stream of one message each way
//   a client  --kind idle   opens its streams, one message each way, prints `warm` and waits for a line; so
//                           does ours with --pause after its calls
//   of some   --tls DIR     TLS 1.3; DIR holds server.pem, server.key and ca.pem of test/support/certificates.py
//             --rate N      the load begins so many calls a second, however late the replies are
//             --slow        the load: every 100th call asks for 5 ms; a server: grants them
//             --threads N   a server: how many
//             --deadline N  client, load: seconds that each call has
//             --held N      the load: streams that each connection holds open beside its calls
//             --held-deadline N  their seconds; --deadline is not for them
//             --cancel      mixed: the streams are cancelled after their message
namespace bench {

// What a message may have; the libraries themselves allow 4 MiB.
constexpr int max_message = 32 << 20;

struct program_options {
  std::uint16_t port = 0;
  std::string kind = "unary";
  std::string mode = "callback";  // of the grpc programs: which of its interfaces
  unsigned connections = 1;
  unsigned streams = 1;
  std::uint64_t calls = 1000;  // of a streaming kind: messages
  std::uint32_t size = 10;  // bytes of payload in a message
  std::uint64_t warmup = 0;
  bool pause = false;
  std::string tls;
  std::uint64_t rate = 0;  // 0: as fast as the replies come
  bool slow = false;
  unsigned threads = 1;
  std::uint32_t deadline = 0;  // seconds; 0: none
  unsigned held = 0;
  std::uint32_t held_deadline = 0;
  bool cancel = false;
  unsigned time_limit = 600;  // seconds, after which SIGALRM ends the process
};

// Ends the process with a message and status 2 when the line is wrong. Arms the time limit.
program_options read_options(int argc, char** argv);

std::string read_file(std::string const& path);

void print_listening(std::uint16_t port);
// For a caller that reads clocks or memory: prints `warm`, waits for a line. False when it has gone.
bool pause_warm();
// `received`: bytes from the socket meanwhile, where the program counts them.
void print_result(std::uint64_t calls, std::chrono::steady_clock::duration spent, std::uint64_t received = 0);

// How long each call took, when there is one at a time.
class call_times {
 public:
  explicit call_times(program_options const& options) {
    if (options.kind == "latency") all_.reserve(options.calls);
  }
  void begin() { begun_ = std::chrono::steady_clock::now(); }
  void end() { all_.push_back(std::chrono::steady_clock::now() - begun_); }
  void print();

 private:
  std::chrono::steady_clock::time_point begun_;
  std::vector<std::chrono::steady_clock::duration> all_;
};

// For what no benchmark survives: a reply that is wrong, a connection that is lost.
[[noreturn]] void fail(std::string const& what);

}  // namespace bench
