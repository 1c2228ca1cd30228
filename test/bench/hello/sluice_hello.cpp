// SPDX-License-Identifier: Apache-2.0
// A hello world of both ends: its build time and its size are what is measured. grpc_hello.cpp does the same. It has no Asio
// of its own, so it runs on an event_loop; an io_context costs a file that makes one 0.85 s more.
#include "hello.sluice.hpp"

#include <sluice/client/channel.hpp>
#include <sluice/coro/event_loop.hpp>
#include <sluice/coro/run.hpp>
#include <sluice/server/server.hpp>

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
  sluice::event_loop loop;
  Greeter greeter;
  sluice::server server{loop};
  server.add(greeter);
  sluice::channel channel{loop, server.listen("127.0.0.1:0")};
  sluice::run(loop, greet(helloworld::GreeterStub{channel}));
}
