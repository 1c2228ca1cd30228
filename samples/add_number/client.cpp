// SPDX-License-Identifier: Apache-2.0
// Calls demo.AddNumber once.
#include "add_number.sluice.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
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
  CLI::App options{"Asks demo.AddNumber for the number after TEXT."};
  std::string target = "127.0.0.1:50051";
  std::string text = "3";
  options.add_option("--target", target, "HOST:PORT, dns:///HOST:PORT, unix:PATH, ...")
      ->capture_default_str();
  options.add_option("TEXT", text, "a whole number")->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  try {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, add(demo::AddNumberStub{channel}, text));
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "client: " << error.what() << '\n';
    return 1;
  }
}
