// SPDX-License-Identifier: Apache-2.0
//
// The interop client on grpc C++, synchronous; ../cases.md is its contract.
#include "client.hpp"

#include <algorithm>
#include <future>
#include <iostream>
#include <map>
#include <thread>

namespace {

constexpr auto case_limit = 20s;

// The reason of the failure; empty when the case passed.
std::string run(std::function<void(stubs)> const& one, stubs stub) {
  try {
    one(stub);
    return {};
  } catch (std::exception const& error) { return error.what(); }
}

} // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> arguments{{"--case", "all"}};
  for (int i = 1; i + 1 < argc; i += 2) arguments[argv[i]] = argv[i + 1];
  auto const target = arguments["--target"];
  auto const name = arguments["--case"];
  bool const known =
      std::any_of(cases().begin(), cases().end(), [&](auto& one) { return one.first == name; });
  if (target.empty() || (name != "all" && !known)) {
    std::cerr << "usage: " << argv[0] << " --target HOST:PORT --case NAME|all\n";
    return 2;
  }

  grpc::ChannelArguments options;
  options.SetMaxReceiveMessageSize(message_limit);
  auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), options);
  auto peer = sluice::interop::Peer::NewStub(channel);
  auto absent = sluice::interop::Absent::NewStub(channel);

  int code = 0;
  for (auto const& [one, body] : cases()) {
    if (name != "all" && name != one) continue;
    auto why = std::async(std::launch::async, run, body, stubs{*peer, *absent});
    bool const late = why.wait_for(case_limit) == std::future_status::timeout;
    auto reason = late ? std::string{"not over after 20 s"} : why.get();
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    if (reason.empty()) {
      std::cout << "PASS " << one << std::endl;
      continue;
    }
    std::cout << "FAIL " << one << ": " << reason << std::endl;
    code = 1;
    if (late) std::_Exit(code); // a thread still hangs in the case, and nothing can take it back
  }
  return code;
}
