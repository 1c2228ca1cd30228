// SPDX-License-Identifier: Apache-2.0
// Asks auth.Door who we are, by a bearer token.
#include "auth.sluice.hpp"
#include "program.hpp"

#include <sluice/client/credentials.hpp>
#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

sluice::task<void> ask(auth::DoorStub door) {
  auto const answer = co_await door.WhoAmI(auth::Question{}, sluice::call_options{}.timeout(5s));
  std::cout << "I am " << answer.name() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  std::string token = "sesame";
  sample::program program{"Asks auth.Door who we are."};
  program.calls(target).option("--token", token, "what we show");
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    // A token is only as secret as the way that it takes: a real client leaves the last option away and uses TLS.
    sluice::channel channel{
        io.get_executor(),
        target,
        {.credentials = sluice::bearer_token(token), .allow_plaintext_credentials = true}};
    sluice::run(io, ask(auth::DoorStub{channel}));
  });
}
