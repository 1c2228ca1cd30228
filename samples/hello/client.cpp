// SPDX-License-Identifier: Apache-2.0
// Calls helloworld.Greeter once.
#include "hello.sluice.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

// The parameters are values: a coroutine may outlive what its caller's references point to.
sluice::task<void> greet(helloworld::GreeterStub greeter, std::string name) {
  helloworld::HelloRequest request;
  request.set_name(name);
  // Without a timeout a call waits as long as the server lets it.
  auto const reply = co_await greeter.SayHello(request, sluice::call_options{}.timeout(5s));
  std::cout << reply.message() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"Asks helloworld.Greeter for a greeting."};
  std::string target = "127.0.0.1:50051";
  std::string name = "world";
  options.add_option("--target", target, "HOST:PORT, dns:///HOST:PORT, unix:PATH, ...")
      ->capture_default_str();
  options.add_option("--name", name, "whom to greet")->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  try {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, greet(helloworld::GreeterStub{channel}, name));
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "client: " << error.what() << '\n';
    return 1;
  }
}
