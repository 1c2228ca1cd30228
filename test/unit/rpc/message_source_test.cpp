// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/asio.hpp>
#include <sluice/rpc/message_source.hpp>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/coro/support.hpp"
#include "unit/rpc/fake_stream.hpp"

using namespace sluice;
using sluice::test::background;
using sluice::test::fake_stream;
using texts = std::vector<std::string>;

namespace {

class text_source final : public message_source<std::string> {
 public:
  explicit text_source(call_stream& from) noexcept : message_source{from} {}
  using message_source::cut;
  status end_as;
  int ends = 0;

 private:
  status ended() override {
    ++ends;
    return end_as;
  }
};

task<> read_all(generator<std::string>& from, texts& into) {
  while (auto const* const item = co_await from.next()) into.push_back(*item);
}

struct incoming {
  template <class Action>
  void turn(Action&& action) {
    scheduler->turn(std::forward<Action>(action));
    sluice::test::poll(io);
  }
  boost::asio::io_context io;
  std::shared_ptr<coro::scheduler> scheduler = coro::scheduler_of(io.get_executor());
  fake_stream stream{*scheduler};
  text_source source{stream};
  generator<std::string> messages{source};
  texts read;
};

}  // namespace

TEST_CASE("messages that are there are read without a suspension, and then the end") {
  incoming call;
  for (auto const* const each : {"one", "", "three"}) call.stream.say(each);
  call.stream.end();
  background const reader{call.io, read_all(call.messages, call.read)};
  CHECK(reader.done());
  CHECK(reader.failed_with() == code::ok);
  CHECK(call.read == texts{"one", "", "three"});
  CHECK(call.source.ends == 1);
}

TEST_CASE("a reader waits until a message comes") {
  incoming call;
  background const reader{call.io, read_all(call.messages, call.read)};
  CHECK(call.source.waiting());
  CHECK(call.stream.has_reader());
  call.turn([&] { call.stream.say("first"); });
  CHECK(call.read == texts{"first"});
  CHECK(call.source.waiting());
  call.turn([&] { call.stream.end(); });
  CHECK(reader.done());
  CHECK_FALSE(call.source.waiting());
  CHECK(call.source.ends == 1);
}

TEST_CASE("a stream that ended as a failure says so once, then that there is nothing") {
  incoming call;
  call.source.end_as = status{code::aborted, "lost"};
  call.stream.say("before");
  call.stream.end();
  background const first{call.io, read_all(call.messages, call.read)};
  CHECK(first.failed_with() == code::aborted);
  background const second{call.io, read_all(call.messages, call.read)};
  CHECK(second.done());
  CHECK(second.failed_with() == code::ok);
  CHECK(call.read == texts{"before"});
  CHECK(call.source.ends == 1);
}

TEST_CASE("a message that does not parse fails the read, and nothing is read behind it") {
  incoming call;
  for (auto const* const each : {"good", "!bad", "good"}) call.stream.say(each);
  background const first{call.io, read_all(call.messages, call.read)};
  CHECK(first.failed_with() == code::internal);
  background const second{call.io, read_all(call.messages, call.read)};
  CHECK(second.done());
  CHECK(second.failed_with() == code::ok);
  CHECK(call.read == texts{"good"});
}

TEST_CASE("a reader whose own context is stopped is resumed, and the messages stay for the next one") {
  incoming call;
  stop_source* stop = nullptr;
  auto const read_until_stopped = [](generator<std::string>& from, texts& into, stop_source*& own) -> task<> {
    own = &(co_await coro::get_context{}).stop();
    co_await read_all(from, into);
  };
  background const stopped{call.io, read_until_stopped(call.messages, call.read, stop)};
  REQUIRE(stop != nullptr);
  call.turn([&] { stop->request_stop(stop_reason::local); });
  CHECK(stopped.done());
  CHECK(stopped.failed_with() == code::cancelled);
  CHECK_FALSE(call.source.waiting());

  background const next{call.io, read_all(call.messages, call.read)};
  call.turn([&] {
    call.stream.say("for the next");
    call.stream.end();
  });
  CHECK(next.done());
  CHECK(next.failed_with() == code::ok);
  CHECK(call.read == texts{"for the next"});
}

TEST_CASE("a message and a stop in one turn resume a reader once") {
  incoming call;
  stop_source* stop = nullptr;
  auto const read_one = [](generator<std::string>& from, texts& into, stop_source*& own) -> task<> {
    own = &(co_await coro::get_context{}).stop();
    if (auto const* const item = co_await from.next()) into.push_back(*item);
  };
  background const reader{call.io, read_one(call.messages, call.read, stop)};
  call.turn([&] {
    call.stream.say("in time");
    stop->request_stop(stop_reason::local);
  });
  CHECK(reader.done());
  CHECK(reader.failed_with() == code::ok);
  CHECK(call.read == texts{"in time"});
}

TEST_CASE("a reader that waits is resumed when its stream is cut off") {
  incoming call;
  call.source.end_as = status{code::cancelled, "over"};
  background const reader{call.io, read_all(call.messages, call.read)};
  CHECK(call.source.waiting());
  call.turn([&] { call.source.cut(); });
  CHECK(reader.done());
  CHECK(reader.failed_with() == code::cancelled);
  CHECK(call.source.ends == 1);
}
