// SPDX-License-Identifier: Apache-2.0
// Calls helloworld.Greeter once.
#include "hello.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

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
  std::string target;
  std::string name = "world";
  sample::program program{"Asks helloworld.Greeter for a greeting."};
  program.calls(target).option("--name", name, "whom to greet");
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, greet(helloworld::GreeterStub{channel}, name));
  });
}
