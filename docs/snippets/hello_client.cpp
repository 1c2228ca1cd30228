// SPDX-License-Identifier: Apache-2.0
// [client]
#include "hello.sluice.hpp"
#include <sluice/sluice.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>

sluice::task<void> greet(helloworld::GreeterStub greeter, std::string name) {
  helloworld::HelloRequest request;
  request.set_name(name);
  auto const options = sluice::call_options{}.timeout(std::chrono::seconds{5});
  auto const reply = co_await sluice::as_result(greeter.SayHello(request, options));
  if (reply)
    std::cout << reply->message() << '\n';
  else
    std::cout << reply.status().to_string() << '\n';
}

int main(int argc, char** argv) {
  boost::asio::io_context io;
  sluice::channel channel{io.get_executor(), argc > 1 ? argv[1] : "localhost:50051"};
  sluice::run(io, greet(helloworld::GreeterStub{channel}, "world"));
}
// [/client]
