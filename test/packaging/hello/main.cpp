// SPDX-License-Identifier: Apache-2.0
// A server and a client in one program: it calls itself over loopback and prints the answer.
#include "greeting/v1/hello.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

using greeting::v1::Words;

class greeter final : public greeting::v1::GreeterService {
 public:
  sluice::task<Words> SayHello(Words request) override {
    Words reply;
    reply.set_text("Hello, " + request.text());
    co_return reply;
  }
};

}  // namespace

int main() {
  try {
    boost::asio::io_context io;
    greeter service;
    sluice::server server{io.get_executor()};
    server.add(service);
    std::string const address = server.listen("127.0.0.1:0");

    sluice::channel channel{io.get_executor(), address};
    greeting::v1::GreeterStub const stub{channel};
    Words request;
    request.set_text("installed sluice");
    std::cout << sluice::run(io, stub.SayHello(request)).text() << '\n';
    return 0;
  } catch (std::exception const& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
