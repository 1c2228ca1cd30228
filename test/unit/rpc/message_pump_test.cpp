// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/executor.hpp>
#include <sluice/rpc/message_pump.hpp>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/rpc/fake_stream.hpp"

#include <memory>
#include <stdexcept>

using namespace sluice;
using sluice::test::fake_stream;
using texts = std::vector<std::string>;

namespace {

generator<std::string> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield std::to_string(i);
}

// A call whose outgoing half is a pump.
struct pumped : coro::completion {
  void start(generator<std::string> items, int room = 100) {
    stream.more_room(room - 100);
    scheduler->turn([&] { pump->start(std::move(items), stream, context, *this); });
  }
  void completed() noexcept override {
    ++done;
    auto const how = pump->failure();
    failed_with = how.failed_status() != nullptr ? how.failed_status()->code() : code::ok;
    thrown = how.error();
    if (destroys) pump.reset();
  }
  template <class Action>
  void turn(Action&& action) {
    scheduler->turn(std::forward<Action>(action));
  }

  boost::asio::io_context io;
  std::shared_ptr<coro::scheduler> scheduler = coro::scheduler_of(io.get_executor());
  coro::context context{*scheduler};
  fake_stream stream{*scheduler};
  std::unique_ptr<message_pump<std::string>> pump = std::make_unique<message_pump<std::string>>();
  bool destroys = false;
  int done = 0;
  code failed_with = code::ok;
  std::exception_ptr thrown;
};

}  // namespace

TEST_CASE("each item of a generator becomes a message, then the pump is done") {
  pumped call;
  call.start(count_to(3));
  CHECK(call.stream.written == texts{"1", "2", "3"});
  CHECK(call.done == 1);
  CHECK_FALSE(call.thrown);
}

TEST_CASE("a generator suspends while the stream is full, and goes on when there is room") {
  pumped call;
  call.start(count_to(5), 2);
  CHECK(call.stream.written == texts{"1", "2"});
  CHECK(call.stream.has_writer());
  CHECK(call.done == 0);
  call.turn([&] { call.stream.more_room(1); });
  CHECK(call.stream.written == texts{"1", "2", "3"});
  call.turn([&] { call.stream.more_room(10); });
  CHECK(call.stream.written == texts{"1", "2", "3", "4", "5"});
  CHECK(call.done == 1);
}

TEST_CASE("a generator is dropped at its co_yield when the call takes no more") {
  pumped call;
  auto const alive = std::make_shared<int>();
  auto const endless = [](std::shared_ptr<int>) -> generator<std::string> {
    for (;;) co_yield std::string{"again"};
  };
  call.start(endless(alive), 2);
  CHECK(alive.use_count() == 2);
  call.turn([&] { call.stream.refuse(status{code::cancelled, "gone"}); });
  CHECK(alive.use_count() == 1);
  CHECK(call.stream.written.size() == 2);
  CHECK(call.done == 1);
  CHECK(call.failed_with == code::cancelled);
}

TEST_CASE("a call that takes nothing from the start drops the generator at its first co_yield") {
  pumped call;
  call.stream.refuse(status{code::resource_exhausted, "too large"});
  call.start(count_to(3));
  CHECK(call.stream.written.empty());
  CHECK(call.done == 1);
  CHECK(call.failed_with == code::resource_exhausted);
}

TEST_CASE("a pump tells what its generator ended with") {
  pumped by_status;
  by_status.start([]() -> generator<std::string> { co_yield status{code::not_found, "nobody"}; }());
  CHECK(by_status.done == 1);
  CHECK(by_status.failed_with == code::not_found);

  pumped by_exception;
  by_exception.start([]() -> generator<std::string> {
    co_yield std::string{"one"};
    throw std::runtime_error{"broken"};
  }());
  CHECK(by_exception.stream.written == texts{"one"});
  CHECK(by_exception.done == 1);
  REQUIRE(by_exception.thrown);
  CHECK_THROWS_AS(std::rethrow_exception(by_exception.thrown), std::runtime_error);
}

TEST_CASE("a generator without a body is done at once") {
  pumped call;
  call.start({});
  CHECK(call.done == 1);
  CHECK(call.stream.written.empty());
}

TEST_CASE("whoever is told that a pump is done may destroy it") {
  pumped ended;
  ended.destroys = true;
  ended.start(count_to(1));
  CHECK(ended.done == 1);
  CHECK_FALSE(ended.pump);

  pumped refused;
  refused.destroys = true;
  refused.start(count_to(9), 1);
  refused.turn([&] { refused.stream.refuse(status{code::cancelled, "gone"}); });
  CHECK(refused.done == 1);
  CHECK_FALSE(refused.pump);
}
