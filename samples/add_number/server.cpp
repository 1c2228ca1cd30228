// SPDX-License-Identifier: Apache-2.0
// Serves demo.AddNumber.
#include "add_number.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace {

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
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  sample::program program{"Serves demo.AddNumber until Ctrl-C."};
  program.listens(address);
  return program.run(argc, argv, [&] { serve(address); });
}
