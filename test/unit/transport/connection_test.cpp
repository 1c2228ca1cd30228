// SPDX-License-Identifier: Apache-2.0
#include "transport/connection.hpp"

#include "support/catch.hpp"
#include "unit/transport/client_connection.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("a connection is ready when the peer's SETTINGS came, for as many streams as they say") {
  client_connection w;
  CHECK(w.log == std::vector<std::string>{"settings"});
  CHECK(w.ours->ready());
  client_stream& first = w.make_stream();
  client_stream& second = w.make_stream();
  for (auto* const each : {&first, &second}) {
    CHECK(w.ours->has_capacity());
    w.turn([&] { REQUIRE(w.ours->open(*each, w.request)); });
  }
  CHECK_FALSE(w.ours->has_capacity());
  CHECK(w.ours->open_streams() == 2);
}

TEST_CASE("what one turn produces leaves in one write") {
  client_connection w;
  client_stream& one = w.make_stream();
  client_stream& two = w.make_stream();
  auto const before = w.ours->counted().writes;
  w.turn([&] {
    for (auto* const each : {&one, &two}) {
      REQUIRE(w.ours->open(*each, w.request));
      each->say("hello ");
      each->say("there");
      each->finish();
    }
    CHECK(w.ours->counted().writes == before);
  });
  CHECK(w.ours->counted().writes == before + 1);
  w.exchange();
  REQUIRE(w.peer.streams.size() == 2);
  for (auto const& each : w.peer.streams)
    CHECK(each == heard{{hello_request}, "hello there", true, {}, {}, {}});
}

TEST_CASE("a response reaches its stream, which is closed behind it") {
  client_connection w;
  client_stream& c = w.make_stream();
  w.turn([&] {
    REQUIRE(w.ours->open(c, w.request));
    c.finish();
  });
  w.exchange();
  w.log.clear();
  w.peer.respond(w.peer.streams.at(0), "answer");
  w.exchange();
  CHECK(c.body == "answer");
  CHECK(c.closed_for == errc::ok);
  CHECK(w.log == std::vector<std::string>{"headers of 1", "end", "stream closed", "one stream fewer"});
  CHECK_FALSE(c.open());
  CHECK(w.ours->open_streams() == 0);
}

TEST_CASE("a reset is told with its HTTP/2 error") {
  client_connection w;
  client_stream& c = w.make_stream();
  w.turn([&] { REQUIRE(w.ours->open(c, w.request)); });
  w.exchange();
  w.peer.session.reset(w.peer.streams.at(0).id, 11);
  w.exchange();
  CHECK(c.closed_for == errc::stream_reset);
  CHECK(c.error == 11);
}

TEST_CASE("a writer is told of room when what it wrote has left") {
  client_connection w;
  client_stream& c = w.make_stream();
  w.turn([&] {
    REQUIRE(w.ours->open(c, w.request));
    c.say(std::string(transport::stream::outbox_mark, 'x'));
    CHECK_FALSE(c.has_room());
    CHECK(c.rooms == 0);
  });
  w.exchange();
  CHECK(c.rooms == 1);
  CHECK(c.has_room());
  CHECK(w.peer.streams.at(0).body.size() == transport::stream::outbox_mark);
}

TEST_CASE("what the socket does not take at once is sent when it does") {
  testing::pipe_options options;
  options.capacity = 100;
  client_connection w{std::move(options)};
  client_stream& c = w.make_stream();
  w.turn([&] {
    REQUIRE(w.ours->open(c, w.request));
    c.say(std::string(20'000, 'x'));
    c.finish();
  });
  w.exchange();
  CHECK(w.peer.streams.at(0).body == std::string(20'000, 'x'));
  CHECK(w.peer.streams.at(0).ended);
}
