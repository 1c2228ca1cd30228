// SPDX-License-Identifier: Apache-2.0
// Serves helloworld.Greeter.
#include "hello.sluice.hpp"
#include "program.hpp"

#include <sluice/services/reflection.hpp>
#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <string>

namespace {

using helloworld::HelloReply;
using helloworld::HelloRequest;

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
  sluice::reflection_service reflection;  // lets grpcurl and its kind call without the .proto
  sluice::server server{io.get_executor()};
  server.add(greeter).add(reflection);
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  sample::program program{"Serves helloworld.Greeter until Ctrl-C."};
  program.listens(address);
  return program.run(argc, argv, [&] { serve(address); });
}
