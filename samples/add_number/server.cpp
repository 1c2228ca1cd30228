// SPDX-License-Identifier: Apache-2.0
// Serves demo.AddNumber.
#include "add_number.sluice.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace std::chrono_literals;

// What is wrong is said by throwing: the client's call fails with this status.
std::int64_t parse(std::string const& text) {
  auto const refuse = [&text](std::string_view why) {
    // The status travels in a header, where a long text has no place.
    std::string const shown =
        text.size() <= 40 ? '"' + text + '"' : "a text of " + std::to_string(text.size()) + " bytes";
    throw sluice::status_error{sluice::code::invalid_argument, shown + ' ' + std::string{why}};
  };
  std::int64_t number = 0;
  char const* const end = text.data() + text.size();
  auto const [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) refuse("does not fit into 64 bits");
  if (error != std::errc{}) refuse("is no whole number");
  if (rest != end) refuse("goes on after the number");
  if (number == std::numeric_limits<std::int64_t>::max())
    refuse("is the last number of 64 bits: none follows it");
  return number;
}

class AddNumber final : public demo::AddNumberService {
  sluice::task<demo::data> do_add(demo::data request) override {
    demo::data reply;
    reply.set_text(std::to_string(parse(request.text()) + 1));
    co_return reply;
  }
};

void serve(std::string const& address) {
  boost::asio::io_context io{1};
  AddNumber add_number;
  sluice::server server{io.get_executor()};
  server.add(add_number);
  std::string const bound = server.listen(address);

  // Ctrl-C or SIGTERM: calls under way may end within five seconds, then io.run() returns. The next signal is
  // the system's again, and ends the program at once.
  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    server.stop(5s);
  });

  std::cout << "listening on " << bound << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"Serves demo.AddNumber until Ctrl-C."};
  std::string address = "127.0.0.1:50051";
  options.add_option("--listen", address, "HOST:PORT (port 0: any), unix:PATH or unix-abstract:NAME")
      ->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  try {
    serve(address);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "server: " << error.what() << '\n';
    return 1;
  }
}
