// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event.hpp>
#include <sluice/coro/generator.hpp>

#include "unit/coro/support.hpp"

#include "support/catch.hpp"

#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using sluice::code;
using sluice::generator;
using sluice::status;
using sluice::test::balance;
using sluice::test::tracked;

namespace {

// What a call's outgoing half does: takes items while there is room, and resumes the body when there is again.
class sink final : public sluice::coro::generator_sink<int> {
 public:
  sink(boost::asio::io_context& io, generator<int> from, std::size_t room)
      : scheduler_{sluice::coro::scheduler_of(io.get_executor())}, context_{*scheduler_},
        from_{std::move(from)}, room_{room} {}
  void start() {
    scheduler_->turn([this] { from_.body()->start(context_, *this); });
  }
  void more_room(std::size_t room) {
    room_ += room;
    scheduler_->turn([this] { from_.body()->resume(); });
  }
  void stop() {
    scheduler_->turn([this] { context_.stop().request_stop(sluice::stop_reason::client_cancelled); });
  }
  [[nodiscard]] code failed_with() { return sluice::test::code_of_error(from_.body()->failure().error()); }

  std::vector<int> items;
  std::thread::id accepted_on;
  bool throws = false;
  int ends = 0;

 private:
  bool accept(int const& item) override {
    accepted_on = std::this_thread::get_id();
    if (throws) throw std::runtime_error{"no serializer"};
    items.push_back(item);
    return --room_ != 0;
  }
  void ended() noexcept override {
    ++ends;
    CHECK(from_.body()->done());
  }

  std::shared_ptr<sluice::coro::scheduler> scheduler_;
  sluice::coro::context context_;
  generator<int> from_;
  std::size_t room_;
};

generator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}

}  // namespace

TEST_CASE("a pushed generator goes on while the sink has room", "[generator]") {
  boost::asio::io_context io;
  sink to{io, count_to(5), 100};
  to.start();
  CHECK(to.items == std::vector{1, 2, 3, 4, 5});
  CHECK(to.ends == 1);
  CHECK(to.failed_with() == code::ok);
}

TEST_CASE("a pushed generator suspends when the sink is full, until it is resumed", "[generator]") {
  boost::asio::io_context io;
  sink to{io, count_to(5), 2};
  to.start();
  CHECK(to.items == std::vector{1, 2});
  CHECK(to.ends == 0);
  to.more_room(1);
  CHECK(to.items == std::vector{1, 2, 3});
  to.more_room(10);
  CHECK(to.items == std::vector{1, 2, 3, 4, 5});
  CHECK(to.ends == 1);
}

TEST_CASE("const, lvalue and rvalue items are pushed without a copy", "[generator]") {
  boost::asio::io_context io;
  auto body = []() -> generator<int> {
    int const constant = 1;
    int variable = 2;
    co_yield constant;
    co_yield variable;
    co_yield 3;
  };
  sink to{io, body(), 10};
  to.start();
  CHECK(to.items == std::vector{1, 2, 3});
}

TEST_CASE("a pushed generator ends by its status or its exception", "[generator]") {
  boost::asio::io_context io;
  auto yields_status = []() -> generator<int> {
    co_yield 1;
    co_yield status{code::not_found, "x"};
    co_yield 2;
  };
  sink first{io, yields_status(), 10};
  first.start();
  CHECK(first.items == std::vector{1});
  CHECK(first.ends == 1);
  CHECK(first.failed_with() == code::not_found);

  auto throws = []() -> generator<int> {
    co_yield 1;
    throw std::runtime_error{"x"};
  };
  sink second{io, throws(), 10};
  second.start();
  CHECK(second.ends == 1);
  CHECK_THROWS_AS(second.failed_with(), std::runtime_error);
}

TEST_CASE("what the sink throws is thrown at the co_yield", "[generator]") {
  boost::asio::io_context io;
  bool caught = false;
  auto body = [](bool& saw) -> generator<int> {
    try {
      co_yield 1;
    } catch (std::runtime_error const&) { saw = true; }
  };
  sink to{io, body(caught), 10};
  to.throws = true;
  to.start();
  CHECK(caught);
  CHECK(to.ends == 1);
}

TEST_CASE("a pushed generator that waits is stopped by its context", "[generator]") {
  boost::asio::io_context io;
  sluice::event never;
  balance count;
  auto body = [](sluice::event& what, balance& of) -> generator<int> {
    tracked const local{of};
    co_yield 1;
    co_await what.wait();
  };
  sink to{io, body(never, count), 10};
  to.start();
  CHECK(to.ends == 0);
  to.stop();
  CHECK(to.ends == 1);
  CHECK(to.failed_with() == code::cancelled);
  CHECK(count.live == 0);
}

TEST_CASE("a pushed generator is destroyed at its co_yield", "[generator]") {
  boost::asio::io_context io;
  balance count;
  auto body = [](balance& of) -> generator<int> {
    tracked const local{of};
    for (;;) co_yield 1;
  };
  {
    sink to{io, body(count), 3};
    to.start();
    CHECK(to.items.size() == 3);
    CHECK(count.live == 1);
  }
  CHECK(count.live == 0);
}

TEST_CASE("a body that yields away from home is pushed at home", "[generator]") {
  boost::asio::io_context io;
  boost::asio::thread_pool pool{1};
  auto body = [](boost::asio::thread_pool& other) -> generator<int> {
    for (int i = 0; i != 50; ++i) {
      co_await sluice::resume_on(other);
      int const computed = i * i;
      co_yield computed;
      co_yield -computed;
    }
    co_await sluice::resume_on(other);  // and ends there
  };
  sink to{io, body(pool), 1000};
  to.start();
  auto work = boost::asio::make_work_guard(io);
  while (to.ends == 0) io.run_one();
  CHECK(to.items.size() == 100);
  CHECK(to.items.back() == -49 * 49);
  CHECK(to.accepted_on == std::this_thread::get_id());
  pool.join();
}
