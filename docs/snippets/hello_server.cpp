// SPDX-License-Identifier: Apache-2.0
// [server]
#include "hello.sluice.hpp"
#include <sluice/sluice.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>

class Greeter final : public helloworld::GreeterService {
  sluice::task<helloworld::HelloReply> SayHello(helloworld::HelloRequest request) override {
    helloworld::HelloReply reply;
    reply.set_message("Hello " + request.name());
    co_return reply;
  }
};

int main(int argc, char** argv) {
  boost::asio::io_context io;
  Greeter greeter;
  sluice::server server{io.get_executor()};
  server.add(greeter);
  std::cout << "listening on " << server.listen(argc > 1 ? argv[1] : "127.0.0.1:50051") << std::endl;

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto, auto) { server.stop(std::chrono::seconds{5}); });
  io.run();  // until every call has ended
}
// [/server]
