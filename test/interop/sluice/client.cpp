// SPDX-License-Identifier: Apache-2.0
//
// The interop client on sluice; ../cases.md is its contract.
#include "client.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <map>

namespace {

constexpr auto case_limit = 20s;

/// The reason of the failure; empty when the case passed.
sluice::task<std::string> outcome(test_case one, stubs on) {
  try {
    co_await one.run(on);
    co_return std::string{};
  } catch (std::exception const& error) { co_return std::string{error.what()}; }
}

sluice::task<std::string> too_late() {
  co_await sluice::sleep_for(case_limit);
  co_return std::string{"not over after 20 s"};
}

bool passes(boost::asio::io_context& io, test_case one, stubs on) {
  auto why = sluice::run(io, sluice::first_of(outcome(one, on), too_late()));
  std::replace(why.begin(), why.end(), '\n', ' ');
  if (why.empty()) std::cout << "PASS " << one.name << std::endl;
  else std::cout << "FAIL " << one.name << ": " << why << std::endl;
  return why.empty();
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> arguments{{"--target", ""}, {"--case", "all"}};
  bool valid = argc % 2 == 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    valid = valid && arguments.count(argv[i]) == 1;
    arguments[argv[i]] = argv[i + 1];
  }
  auto const& name = arguments["--case"];
  auto const is_chosen = [&](test_case const& one) { return name == "all" || name == one.name; };
  if (!valid || arguments["--target"].empty() || std::ranges::none_of(cases(), is_chosen)) {
    std::cerr << "usage: " << argv[0] << " --target HOST:PORT --case NAME|all\n";
    return 2;
  }
  try {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), arguments["--target"], {.max_receive_size = message_limit}};
    stubs const on{sluice::interop::PeerStub{channel}, sluice::interop::AbsentStub{channel}};
    int code = 0;
    for (auto const& one : cases())
      if (is_chosen(one) && !passes(io, one, on)) code = 1;
    sluice::run(io, channel.shutdown(1s));
    return code;
  } catch (std::exception const& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 2;
  }
}
