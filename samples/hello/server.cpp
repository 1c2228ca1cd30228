// SPDX-License-Identifier: Apache-2.0
// Serves helloworld.Greeter.
#include "hello.sluice.hpp"

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

using helloworld::HelloReply;
using helloworld::HelloRequest;
using namespace std::chrono_literals;

class Greeter final : public helloworld::GreeterService {
  sluice::task<HelloReply> SayHello(HelloRequest request) override {
    HelloReply reply;
    reply.set_message("Hello " + request.name());
    co_return reply;
  }
};

void serve(std::string const& address) {
  boost::asio::io_context io{1};
  Greeter greeter;
  sluice::server server{io.get_executor()};
  server.add(greeter);
  std::string const bound = server.listen(address);

  // Ctrl-C or SIGTERM: calls under way may end within five seconds, then io.run() returns. The next signal is
  // the system's again, and ends the program at once.
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
  CLI::App options{"Serves helloworld.Greeter until Ctrl-C."};
  std::string address = "127.0.0.1:50051";
  options.add_option("--listen", address, "HOST:PORT (port 0: any), unix:PATH or unix-abstract:NAME")
      ->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  try {
    serve(address);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "server: " << error.what() << '\n';
    return 1;
  }
}
