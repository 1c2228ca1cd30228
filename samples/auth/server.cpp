// SPDX-License-Identifier: Apache-2.0
// Serves auth.Door to those who bring a token.
#include "auth.sluice.hpp"
#include "guard.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

class Door final : public auth::DoorService {
 public:
  explicit Door(Guard const& guard) noexcept : guard_{guard} {}

 private:
  sluice::task<auth::Answer> WhoAmI(auth::Question) override {
    sluice::server_call& call = co_await sluice::this_call;
    auth::Answer answer;
    answer.set_name(std::string{guard_.name_of(call.metadata())});
    co_return answer;
  }
  Guard const& guard_;
};

// "NAME=TOKEN"
std::map<std::string, std::string> parse(std::vector<std::string> const& tokens) {
  std::map<std::string, std::string> names;
  for (auto const& each : tokens) {
    auto const split = each.find('=');
    if (split == 0 || split == std::string::npos || split + 1 == each.size())
      throw std::invalid_argument{"not NAME=TOKEN: " + each};
    names[each.substr(split + 1)] = each.substr(0, split);
  }
  return names;
}

void serve(std::string const& address, std::vector<std::string> const& tokens) {
  boost::asio::io_context io{1};
  auto const guard = std::make_shared<Guard>(parse(tokens));
  Door door{*guard};
  sluice::server server{io.get_executor(), {.interceptors = {guard}}};
  server.add(door);
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::vector<std::string> tokens;
  sample::program program{"Serves auth.Door, to those who bring a token, until Ctrl-C."};
  program.listens(address).option("--token", tokens, "NAME=TOKEN: who is let in (default: Ali=sesame)");
  return program.run(argc, argv, [&] {
    if (tokens.empty()) tokens.emplace_back("Ali=sesame");
    serve(address, tokens);
  });
}
