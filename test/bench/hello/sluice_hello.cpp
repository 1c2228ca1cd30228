// SPDX-License-Identifier: Apache-2.0
// A hello world of both ends: its build time and its size are what is measured. grpc_hello.cpp does the same.
#include "hello.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace {

class Greeter final : public helloworld::GreeterService {
  sluice::task<helloworld::HelloReply> SayHello(helloworld::HelloRequest request) override {
    helloworld::HelloReply reply;
    reply.set_message("Hello " + request.name());
    co_return reply;
  }
};

sluice::task<void> greet(helloworld::GreeterStub greeter) {
  helloworld::HelloRequest request;
  request.set_name("world");
  auto const reply =
      co_await greeter.SayHello(request, sluice::call_options{}.timeout(std::chrono::seconds{5}));
  std::cout << reply.message() << '\n';
}

}  // namespace

int main() {
  boost::asio::io_context io{1};
  Greeter greeter;
  sluice::server server{io.get_executor()};
  server.add(greeter);
  sluice::channel channel{io.get_executor(), server.listen("127.0.0.1:0")};
  sluice::run(io, greet(helloworld::GreeterStub{channel}));
}
