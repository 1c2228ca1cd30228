// SPDX-License-Identifier: Apache-2.0
// Reflection from several threads at once. Meant for ThreadSanitizer too.
#include "world.hpp"

#include <sluice/client/calls.hpp>
#include <sluice/services/reflection.hpp>

#include <algorithm>
#include <thread>

using namespace endtoend;

namespace {

/// A message of the protocol, as its bytes.
struct raw {
  std::string bytes;
};

}  // namespace

template <>
struct sluice::codec<raw> {
  static std::size_t size(raw const& message) { return message.bytes.size(); }
  static void write(raw const& message, std::span<std::byte> to) {
    std::ranges::copy(as_bytes(message.bytes), to.begin());
  }
  static bool parse(raw& message, bytes_view from) {
    message.bytes.assign(reinterpret_cast<char const*>(from.data()), from.size());
    return true;
  }
};

namespace {

constexpr sluice::method reflect{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                 sluice::method_kind::bidi_streaming};

// list_services, and file_containing_symbol "endtoend.Talk".
std::string const list{"\x3a\x00", 2};
std::string const symbol{
    "\x22\x0d"
    "endtoend.Talk"};

task<void> ask(channel& on, int rounds) {
  sluice::bidi_streaming_call<raw, raw> call{on, reflect, call_options{}.timeout(30s)};
  for (int i = 0; i != rounds; ++i) {
    raw const question{i % 2 == 0 ? list : symbol};
    co_await call.write(question);
    auto const* const answer = co_await call.next();
    if (answer == nullptr) throw std::runtime_error{"no answer"};
    auto const* const wanted = i % 2 == 0 ? "endtoend.Talk" : "endtoend.proto";
    if (answer->bytes.find(wanted) == std::string::npos) throw std::runtime_error{"a wrong answer"};
  }
}

}  // namespace

TEST_CASE("several threads are answered by one reflection service at the same time") {
  talk service;
  sluice::reflection_service reflection;
  sluice::io_threads threads{3};
  sluice::server server{threads};
  server.add(service).add(reflection);
  auto const bound = server.listen("127.0.0.1:0");

  std::vector<std::string> failures(3);
  std::vector<std::thread> clients;
  for (auto& failure : failures)
    clients.emplace_back([&failure, &bound] {
      try {
        asio::io_context io{1};
        channel on{io.get_executor(), bound};
        sluice::run(io, ask(on, 200));
      } catch (std::exception const& error) { failure = error.what(); }
    });
  for (auto& each : clients) each.join();
  for (auto const& failure : failures) CHECK(failure == "");
}
