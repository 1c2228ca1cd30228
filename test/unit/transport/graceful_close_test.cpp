// SPDX-License-Identifier: Apache-2.0
#include "transport/graceful_close.hpp"

#include <sluice/coro/executor.hpp>
#include <sluice/testing/manual_clock.hpp>
#include <sluice/testing/pipe.hpp>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/net/waiter.hpp"

#include <chrono>
#include <string>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using sluice::testing::pipe_record;

namespace {

// `ours` is what is closed; the peer stays.
struct two_ends {
  explicit two_ends(testing::pipe_options options = {}) {
    options.first.record = record;
    std::tie(ours, peer) = testing::make_pipe(io.get_executor(), std::move(options));
  }
  void close() {
    static_cast<void>(transport::close_gracefully(*scheduler, std::move(ours), false));
    turn();
  }
  void turn() {
    io.restart();
    io.poll();
  }
  boost::asio::io_context io;
  testing::manual_clock clock{io.get_executor()};
  std::shared_ptr<coro::scheduler> scheduler = coro::scheduler_of(io.get_executor());
  std::shared_ptr<pipe_record> record = std::make_shared<pipe_record>();
  std::unique_ptr<byte_stream> ours;
  std::unique_ptr<byte_stream> peer;
};

}  // namespace

TEST_CASE("a graceful close ends the write direction at once, behind what was written") {
  two_ends both;
  REQUIRE(write_text(*both.ours, "last words").bytes == 10);
  both.close();
  CHECK(read_text(*both.peer) == "last words");
  CHECK(read_text(*both.peer) == "(end)");
  CHECK_FALSE(both.record->closed);
}

TEST_CASE("what the peer still sends is read and dropped until it ends too") {
  two_ends both;
  REQUIRE(write_text(*both.peer, "unread").bytes == 6);
  both.close();
  CHECK(both.record->bytes_read == 6);
  REQUIRE(write_text(*both.peer, "later").bytes == 5);
  both.turn();
  CHECK(both.record->bytes_read == 11);
  CHECK_FALSE(both.record->closed);
  both.peer->shutdown_write();
  both.turn();
  CHECK(both.record->closed);
  CHECK(both.scheduler->timers().empty());
}

TEST_CASE("a peer that has ended already is closed at once") {
  two_ends both;
  both.peer->shutdown_write();
  both.close();
  CHECK(both.record->closed);
  CHECK(both.scheduler->timers().empty());
}

TEST_CASE("a peer that does not end is closed after a second") {
  two_ends both;
  both.close();
  both.clock.advance(999ms);
  both.turn();
  CHECK_FALSE(both.record->closed);
  CHECK_FALSE(write_text(*both.peer, "x").error);
  both.turn();
  both.clock.advance(2ms);
  CHECK(both.record->closed);
  CHECK(write_text(*both.peer, "x").error == std::errc::broken_pipe);
}

TEST_CASE("a peer that goes on sending is closed after 1 MiB") {
  two_ends both;
  both.close();
  std::string const piece(16 * 1024, 'x');
  for (int i = 0; i != 63; ++i) {
    REQUIRE(write_text(*both.peer, piece).bytes == piece.size());
    both.turn();
  }
  CHECK(both.record->bytes_read == 63 * piece.size());
  CHECK_FALSE(both.record->closed);
  REQUIRE(write_text(*both.peer, piece).bytes == piece.size());
  both.turn();
  CHECK(both.record->closed);
  CHECK(both.scheduler->timers().empty());
}

TEST_CASE("a read that fails closes") {
  testing::pipe_options options;
  options.first.fail_read = 2;
  two_ends both{std::move(options)};
  both.close();
  CHECK_FALSE(both.record->closed);
  REQUIRE(write_text(*both.peer, "x").bytes == 1);
  both.turn();
  CHECK(both.record->fault_fired);
  CHECK(both.record->closed);
}

TEST_CASE("a graceful close is dropped with its executor's context") {
  std::shared_ptr<pipe_record> record;
  std::unique_ptr<byte_stream> peer;
  {
    boost::asio::io_context io;
    testing::pipe_options options;
    record = options.first.record = std::make_shared<pipe_record>();
    auto ends = testing::make_pipe(io.get_executor(), std::move(options));
    peer = std::move(ends.second);
    static_cast<void>(
        transport::close_gracefully(*coro::scheduler_of(io.get_executor()), std::move(ends.first), false));
    CHECK_FALSE(record->closed);
  }
  CHECK(record->closed);
  CHECK(read_text(*peer) == "(end)");
}
