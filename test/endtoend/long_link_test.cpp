// SPDX-License-Identifier: Apache-2.0
// A link that carries much and takes long, on a virtual clock: what is sent waits for up to 50 ms on its way.
#include <sluice/testing/world.hpp>

#include "world.hpp"

using namespace endtoend;

namespace {

constexpr std::int64_t count = 1000;
constexpr std::size_t size = 16'000;

struct long_link {
  explicit long_link(sluice::server_options at_server, sluice::channel_options at_client)
      : server{between.executor(), std::move(at_server)},
        on{between.executor(), between.connector_to(server), std::move(at_client)} {
    service.tell = count_them;
    server.add(service);
  }
  static task<Note> count_them(generator<Note> notes) {
    std::int64_t heard = 0;
    while (co_await notes.next() != nullptr) ++heard;
    co_return note("", heard);
  }
  task<void> download() {
    auto call = TalkStub{on}.Listen(note(std::string(size, 'd'), count));
    std::int64_t heard = 0;
    while (co_await call.next() != nullptr) ++heard;
    CHECK(heard == count);
  }
  task<void> upload() {
    auto call = TalkStub{on}.Tell();
    for (std::int64_t i = 0; i != count; ++i) co_await call.write(note(std::string(size, 'u')));
    CHECK((co_await call.finish()).number() == count);
  }
  sluice::duration time_of(task<void> one) {
    auto const began = between.elapsed();
    between.run(std::move(one));
    CHECK(between.violations().empty());
    return between.elapsed() - began;
  }

  sluice::testing::world between{1, {.delay = 1, .max_delay = 50ms, .max_capacity = 16U << 20U}};
  talk service;
  sluice::server server;
  channel on;
};

}  // namespace

TEST_CASE("over a long link a stream's window follows what is on its way") {
  constexpr std::uint32_t small = 256 * 1024;
  long_link growing{{}, {}};
  long_link fixed{{.connection_window = small}, {.connection_window = small}};
  auto const quickly = growing.time_of(growing.download());
  CHECK(3 * quickly < fixed.time_of(fixed.download()));
  CHECK(3 * growing.time_of(growing.upload()) < fixed.time_of(fixed.upload()));
}
