// SPDX-License-Identifier: Apache-2.0
// Serves chat.Room.
#include "room.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

void serve(std::string const& address, std::size_t backlog) {
  boost::asio::io_context io{1};
  Room room{backlog};
  sluice::server server{io.get_executor()};
  server.add(room);
  std::string const bound = server.listen(address);

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    server.stop(5s);
  });

  std::cout << "listening on " << bound << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"Serves chat.Room until Ctrl-C."};
  std::string address = "127.0.0.1:50051";
  options.add_option("--listen", address, "HOST:PORT (port 0: any), unix:PATH or unix-abstract:NAME")
      ->capture_default_str();
  std::size_t backlog = 256;
  options
      .add_option("--backlog", backlog,
                  "events that wait for a member who does not read, before it is dropped")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  CLI11_PARSE(options, argc, argv);

  try {
    serve(address, backlog);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "server: " << error.what() << '\n';
    return 1;
  }
}
