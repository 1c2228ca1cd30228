// SPDX-License-Identifier: Apache-2.0
// Serves deadlines.Front and deadlines.Back, the Front calling the Back over a real connection.
#include "back.hpp"
#include "front.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

// From the edge inwards: who calls ends before who is called.
sluice::task<void> stop(sluice::server& server, sluice::channel& to_back, sluice::server& back_server) {
  co_await server.shutdown(5s);
  to_back.close();
  co_await back_server.shutdown(5s);
}

void serve(std::string const& address, std::string back_target) {
  boost::asio::io_context io{1};

  // Without --back the second hop is a server of its own on another port, so that one program shows two hops.
  Back back;
  sluice::server back_server{io.get_executor()};
  back_server.add(back);
  if (back_target.empty()) back_target = back_server.listen("127.0.0.1:0");

  sluice::channel to_back{io.get_executor(), back_target};
  Front front{to_back};
  sluice::server server{io.get_executor()};
  server.add(front).add(back);
  std::string const bound = server.listen(address);

  // Ctrl-C or SIGTERM: calls under way may end within five seconds. Then nothing is left for io.run() to do, and
  // it returns.
  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    sluice::spawn(io, stop(server, to_back, back_server), boost::asio::detached);
  });

  std::cout << "listening on " << bound << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string back;
  sample::program program{"Serves deadlines.Front and deadlines.Back until Ctrl-C."};
  program.listens(address).option(
      "--back", back, "the Back that the Front calls, HOST:PORT, unix:PATH, ... (default: one of its own)");
  return program.run(argc, argv, [&] { serve(address, back); });
}
