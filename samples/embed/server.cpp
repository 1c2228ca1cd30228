// SPDX-License-Identifier: Apache-2.0
// An Asio program that has been given a gRPC server and a gRPC client. All of it runs on its one io_context, in its one
// thread.
#include "echo_program.hpp"
#include "embed.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

/// The gRPC server: its handlers use the program's state as any other code of the program does.
class Control final : public embed::ControlService {
 public:
  explicit Control(echo_program& program) : program_{program} {}

 private:
  sluice::task<embed::Counts> GetCounts(embed::CountsRequest) override {
    embed::Counts counts;
    counts.set_ticks(program_.counted().ticks);
    counts.set_sessions(program_.counted().sessions);
    counts.set_lines(program_.counted().lines);
    counts.set_echo(program_.address());
    co_return counts;
  }
  sluice::task<embed::Prefix> SetPrefix(embed::Prefix prefix) override {
    std::cout << "grpc server: the echo's prefix is now '" << prefix.text() << "'" << std::endl;
    program_.set_prefix(prefix.text());
    co_return prefix;
  }

  echo_program& program_;
};

/// The gRPC client, in the program's own kind of coroutine: a call takes Asio's completion tokens.
asio::awaitable<void> report(embed::ControlStub peer, asio::steady_timer& timer) {
  std::uint64_t lines = 0;
  for (;;) {
    auto const counts = co_await peer.GetCounts({}, sluice::call_options{}.timeout(5s))(asio::use_awaitable);
    if (counts.lines() != lines)
      std::cout << "grpc client: the peer has echoed " << counts.lines() << " lines" << std::endl;
    lines = counts.lines();
    timer.expires_after(100ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void serve(std::string const& address, std::string const& peer_target, std::uint16_t echo_port) {
  asio::io_context io{1};
  echo_program program{io, echo_port};
  asio::signal_set signals{io, SIGINT, SIGTERM};

  Control control{program};
  sluice::server server{io.get_executor()};
  server.add(control);
  std::string const bound = server.listen(address);

  // Without --peer the program asks itself, over a real connection.
  sluice::channel peer{io.get_executor(), peer_target.empty() ? bound : peer_target};
  asio::steady_timer pause{io};
  bool stopping = false;
  asio::co_spawn(io, report(embed::ControlStub{peer}, pause), [&](std::exception_ptr error) {
    try {
      if (error && !stopping) std::rethrow_exception(error);
    } catch (std::exception const& why) { std::cout << "grpc client: " << why.what() << std::endl; }
  });

  // Each part ends what it has under way; io.run() returns when all of it has.
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    stopping = true;
    std::cout << "signals: stopping" << std::endl;
    program.stop();
    pause.cancel();
    peer.close();
    server.stop(5s);
  });

  std::cout << "listening on " << bound << std::endl;
  std::cout << "echo: listening on " << program.address() << std::endl;
  io.run();
  std::cout << "timer: ticked " << program.counted().ticks << " times" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string peer;
  std::uint16_t echo_port = 0;
  sample::program program{"Echoes lines on TCP and serves embed.Control, until Ctrl-C."};
  program.listens(address)
      .option("--echo-port", echo_port, "where the TCP echo listens, on 127.0.0.1 (0: any port)")
      .option("--peer", peer, "the embed.Control that the program asks itself, a target (default: its own)");
  return program.run(argc, argv, [&] { serve(address, peer, echo_port); });
}
