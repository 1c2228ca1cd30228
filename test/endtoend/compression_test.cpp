// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

using namespace endtoend;

namespace {

constexpr std::size_t large = 100'000;

generator<Note> large_notes(int count) {
  for (int i = 0; i != count; ++i) co_yield note(std::string(large, 'r'), i);
}

/// Each kind, whose handler checks that its requests came compressed, and the client that its responses did.
task<void> all_four_kinds(channel& on) {
  TalkStub talk{on};
  auto say = talk.Say(note(std::string(large, 'a'), 7));
  Note const said = co_await say;
  CHECK(said.text() == std::string(large, 'a'));
  CHECK(say.response_compressed());

  auto heard = talk.Listen(note(std::string(large, 'b'), 30));
  std::int64_t next = 0;
  while (auto* const each = co_await heard.next()) {
    CHECK(each->number() == next++);
    CHECK(each->text().size() == large);
    CHECK(heard.response_compressed());
  }
  CHECK(next == 30);

  Note const told = co_await talk.Tell(large_notes(30));
  CHECK(told.number() == 30);
  CHECK(told.text().size() == 30 * large);

  auto chat = talk.Chat(large_notes(30));
  next = 0;
  while (auto* const each = co_await chat.next()) {
    CHECK(each->number() == next++);
    CHECK(chat.response_compressed());
  }
  CHECK(next == 30);
}

/// What a handler saw.
struct counted {
  std::size_t requests = 0;
  std::size_t compressed = 0;
};

task<Note> count_request(counted& counts, Note said) {
  auto& call = co_await sluice::this_call;
  ++counts.requests;
  if (call.request_compressed()) ++counts.compressed;
  co_return said;
}

}  // namespace

TEST_CASE("the four kinds of call with each compression, both ways") {
  for (auto const* const name : {"gzip", "deflate", "zstd"}) {
    INFO(name);
    world w{{.compression = name}};
    auto const on = w.connect({.compression = name});
    w.run([&] { return all_four_kinds(*on); });
  }
}

TEST_CASE("each side may compress alone") {
  world w;
  counted counts;
  w.service.say = [&](Note said) { return count_request(counts, std::move(said)); };
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto const packed = call_options{}.compression("zstd");
    auto call = talk.Say(note(std::string(large, 'x')), packed);
    static_cast<void>(co_await call);
    CHECK_FALSE(call.response_compressed());
    static_cast<void>(co_await talk.Say(note(std::string(large, 'x'))));
  });
  CHECK(counts.requests == 2);
  CHECK(counts.compressed == 1);
}

TEST_CASE("a response of a thousand times its bytes is refused at the limit") {
  world w{{.compression = "zstd"}};
  w.service.say = [](Note said) -> task<Note> {
    said.set_text(std::string(std::size_t{64} << 20, '\0'));
    co_return said;
  };
  auto const on = w.connect();
  auto const how = w.run([&] { return as_result(TalkStub{*on}.Say(note("bomb"))); });
  CHECK(how.status().code() == code::resource_exhausted);
}

TEST_CASE("several threads compress at once") {
  sluice::io_threads threads{2};
  talk service;
  sluice::server server{threads, {.compression = "gzip"}};
  server.add(service);
  auto const address = server.listen("127.0.0.1:0");
  bounded_io here;
  std::vector<std::unique_ptr<channel>> channels;
  for (int i = 0; i != 4; ++i)
    channels.push_back(
        std::make_unique<channel>(here.executor(), address, sluice::channel_options{.compression = "gzip"}));
  std::vector<std::shared_ptr<bounded_io::background>> running;
  for (auto& each : channels) running.push_back(here.start([&each] { return all_four_kinds(*each); }));
  for (auto& each : running) here.join(*each);
}
