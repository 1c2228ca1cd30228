// SPDX-License-Identifier: Apache-2.0
// Calls demo.AddNumber once.
#include "add_number.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

sluice::task<void> add(demo::AddNumberStub add_number, std::string text) {
  demo::data request;
  request.set_text(text);
  // as_result: for a failure that is to be expected, a value to look at instead of an exception.
  auto const reply =
      co_await sluice::as_result(add_number.do_add(request, sluice::call_options{}.timeout(5s)));
  if (reply.status().code() == sluice::code::invalid_argument)
    throw std::runtime_error{"the server refused: " + std::string{reply.status().message()}};
  std::cout << reply.value().text() << '\n';  // value() throws every other failure
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  std::string text = "3";
  sample::program program{"Asks demo.AddNumber for the number after TEXT."};
  program.calls(target).option("TEXT", text, "a whole number");
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, add(demo::AddNumberStub{channel}, text));
  });
}
