// SPDX-License-Identifier: Apache-2.0
// What h2specd and raw_server.py are spoken with by:  client CASE TARGET  The target may be an http URL. Exit code 0:
// what the case asserts holds; `call` asserts only that the call ends.
#include "conformance.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using conformance::Bytes;
using conformance::JudgedStub;
using sluice::as_result;
using sluice::task;

constexpr std::size_t large = 100'000;  // as raw_server.py has it

sluice::call_options in_time() { return sluice::call_options{}.timeout(5s); }

Bytes some() {
  Bytes made;
  made.set_body("ask");
  return made;
}

bool expect(bool holds, std::string_view what) {
  if (!holds) std::cout << "not so: " << what << '\n';
  return holds;
}

task<bool> call(JudgedStub stub) {
  auto const options = sluice::call_options{}.timeout(1s);
  static_cast<void>(co_await as_result(stub.Unary(some(), options)));
  co_return true;
}

task<bool> answered(JudgedStub stub, std::size_t size) {
  auto const options = in_time();
  auto const reply = co_await as_result(stub.Unary(some(), options));
  if (!reply) std::cout << reply.status().to_string() << '\n';
  co_return expect(reply && reply->body().size() == size, "the answer is whole");
}

task<bool> small_answer(JudgedStub stub) { co_return co_await answered(stub, 3); }
task<bool> large_answer(JudgedStub stub) { co_return co_await answered(stub, large); }

// The second finds another connection, for the first one's goes away behind it.
task<bool> goaway(JudgedStub stub) {
  bool const first = co_await answered(stub, 3);
  bool const second = co_await answered(stub, 3);
  co_return first&& second;
}

// How many messages come before the stream is reset.
task<bool> reset_after(JudgedStub stub, int wanted) {
  auto const options = in_time();
  auto replies = stub.Stream(some(), options);
  int count = 0;
  sluice::code how = sluice::code::ok;
  try {
    while (co_await replies.next() != nullptr) ++count;
  } catch (sluice::status_error const& error) { how = error.status().code(); }
  std::cout << count << " messages, then " << sluice::to_string(how) << '\n';
  bool const delivered = expect(count == wanted, "what was whole is delivered, and nothing else");
  bool const failed =
      expect(how == sluice::code::internal || how == sluice::code::unavailable, "the call fails");
  co_return delivered&& failed;
}
task<bool> reset_bare(JudgedStub stub) { co_return co_await reset_after(stub, 0); }
task<bool> reset_behind(JudgedStub stub) { co_return co_await reset_after(stub, 1); }

// One tells the server's limit, fifteen more wait for their turn.
task<bool> max_streams(JudgedStub stub) {
  bool all = co_await answered(stub, 3);
  std::vector<task<bool>> calls;
  for (int i = 0; i != 15; ++i) calls.push_back(small_answer(stub));
  auto const done = co_await sluice::when_all(std::move(calls));
  for (bool const each : done) all = all && each;
  co_return all;
}

using run_case = std::function<task<bool>(JudgedStub)>;

std::map<std::string, run_case, std::less<>> const& cases() {
  static std::map<std::string, run_case, std::less<>> const all{
      {"call", call},
      {"goaway", goaway},
      {"rst_after_header", reset_bare},
      {"rst_during_data", reset_bare},
      {"rst_after_data", reset_behind},
      {"ping", small_answer},
      {"max_streams", max_streams},
      {"data_frame_padding", large_answer},
      {"no_padding", large_answer},
  };
  return all;
}

// "http://127.0.0.1:30001/" is spoken to as "127.0.0.1:30001".
std::string target_of(std::string_view url) {
  if (auto const scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  return std::string{url.substr(0, url.find('/'))};
}

}  // namespace

int main(int argc, char** argv) {
  auto const found = argc == 3 ? cases().find(std::string_view{argv[1]}) : cases().end();
  if (found == cases().end()) {
    std::cerr << "usage: client CASE TARGET\n";
    return 2;
  }
  boost::asio::io_context io{1};
  sluice::channel_options options;
  options.connect_timeout = 2s;
  options.log = {};
  sluice::channel channel{io.get_executor(), target_of(argv[2]), std::move(options)};
  bool const held = sluice::run(io, found->second(JudgedStub{channel}));
  if (found->first == "call") {  // the judge goes on: the connection answers, or ends, by itself
    io.restart();
    io.run_for(100ms);
  }
  return held ? 0 : 1;
}
