// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/pipe.hpp>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
using sluice::testing::make_pipe;
using sluice::testing::pipe_options;
using sluice::testing::pipe_record;

namespace {

struct piped {
  explicit piped(pipe_options options = {}) {
    std::tie(a, b) = make_pipe(io.get_executor(), std::move(options));
  }
  void turn() {
    io.restart();
    io.poll();
  }
  boost::asio::io_context io;
  std::unique_ptr<byte_stream> a;
  std::unique_ptr<byte_stream> b;
  std::shared_ptr<counting_waiter> waiter = std::make_shared<counting_waiter>();
};

}  // namespace

TEST_CASE("what one end of a pipe writes, the other reads") {
  piped p;
  CHECK(read_text(*p.b) == "(block)");
  std::array<bytes_view, 3> const pieces{as_bytes("he"), as_bytes(""), as_bytes("llo")};
  CHECK(p.a->write(pieces).bytes == 5);
  CHECK(write_text(*p.b, "back").bytes == 4);
  CHECK(read_text(*p.b, 2) == "he");
  CHECK(read_text(*p.b) == "llo");
  CHECK(read_text(*p.a) == "back");
  CHECK(p.a->peer() == "pipe");
}

TEST_CASE("a pipe is bounded, and says when there is room") {
  pipe_options options;
  options.capacity = 4;
  piped p{std::move(options)};
  CHECK(write_text(*p.a, "123456").bytes == 4);
  CHECK(write_text(*p.a, "56").would_block);
  p.a->wait(io_direction::write, p.waiter);
  p.turn();
  CHECK(p.waiter->writes == 0);
  CHECK(read_text(*p.b, 1) == "1");
  CHECK(p.waiter->writes == 0);  // never from inside a call
  p.turn();
  CHECK(p.waiter->writes == 1);
  CHECK(write_text(*p.a, "56").bytes == 1);
}

TEST_CASE("a wait for reading on a pipe calls once, also for what is there already") {
  piped p;
  p.b->wait(io_direction::read, p.waiter);
  p.turn();
  CHECK(p.waiter->reads == 0);
  (void)write_text(*p.a, "1");
  (void)write_text(*p.a, "2");
  p.turn();
  CHECK(p.waiter->reads == 1);
  p.b->wait(io_direction::read, p.waiter);
  CHECK(p.waiter->reads == 1);
  p.turn();
  CHECK(p.waiter->reads == 2);
}

TEST_CASE("a half-close is an end after what was written, and the other direction goes on") {
  piped p;
  (void)write_text(*p.a, "last");
  p.a->shutdown_write();
  p.b->wait(io_direction::read, p.waiter);
  CHECK(read_text(*p.b) == "last");
  CHECK(read_text(*p.b) == "(end)");
  p.turn();
  CHECK(p.waiter->reads == 1);
  CHECK(write_text(*p.b, "reply").bytes == 5);
  CHECK(read_text(*p.a) == "reply");
  CHECK(write_text(*p.a, "x").error == std::errc::broken_pipe);
}

TEST_CASE("closing an end of a pipe ends both directions and drops its waits") {
  piped p;
  (void)write_text(*p.a, "last");
  p.a->wait(io_direction::read, p.waiter);
  p.a->close();
  p.a->close();
  p.a->wait(io_direction::read, p.waiter);
  (void)write_text(*p.b, "x");
  p.turn();
  CHECK(p.waiter->reads == 0);
  CHECK(p.waiter.use_count() == 1);
  CHECK(read_text(*p.a).starts_with("(error"));
  CHECK(read_text(*p.b) == "last");
  CHECK(read_text(*p.b) == "(end)");
  CHECK(write_text(*p.b, "x").error == std::errc::broken_pipe);
  p.b.reset();
}

TEST_CASE("a writer that waits learns that its reader is gone") {
  pipe_options options;
  options.capacity = 1;
  piped p{std::move(options)};
  (void)write_text(*p.a, "1");
  p.a->wait(io_direction::write, p.waiter);
  p.b.reset();
  p.turn();
  CHECK(p.waiter->writes == 1);
  CHECK(write_text(*p.a, "2").error == std::errc::broken_pipe);
}

TEST_CASE("reads and writes can be split down to one byte") {
  pipe_options options;
  options.first.max_write = 1;
  options.second.max_read = 2;
  piped p{std::move(options)};
  for (auto const* const letter : {"a", "b", "c"})
    CHECK(write_text(*p.a, letter + std::string{"rest"}).bytes == 1);
  CHECK(read_text(*p.b) == "ab");
  CHECK(read_text(*p.b) == "c");
}

TEST_CASE("the n-th read or write fails, and the pipe is broken from then on") {
  auto const record = std::make_shared<pipe_record>();
  pipe_options options;
  options.first.record = record;
  options.first.fail_write = 2;
  options.first.error = std::make_error_code(std::errc::timed_out);
  piped p{std::move(options)};
  CHECK(write_text(*p.a, "one").bytes == 3);
  CHECK_FALSE(record->fault_fired);
  p.b->wait(io_direction::write, p.waiter);
  p.turn();
  CHECK(p.waiter->writes == 1);
  CHECK(write_text(*p.a, "two").error == std::errc::timed_out);
  CHECK(record->fault_fired);
  CHECK(read_text(*p.a) == "(error Connection timed out)");
  CHECK(read_text(*p.b) == "one");
  p.b->wait(io_direction::read, p.waiter);
  p.turn();
  CHECK(p.waiter->reads == 1);
  CHECK(read_text(*p.b) == "(error Connection reset by peer)");
  CHECK(write_text(*p.b, "x").error == std::errc::broken_pipe);
  CHECK(record->writes == 2);
  CHECK(record->reads == 1);
  CHECK(record->bytes_written == 3);

  pipe_options reading;
  reading.second.fail_read = 1;
  piped q{std::move(reading)};
  (void)write_text(*q.a, "x");
  CHECK(read_text(*q.b) == "(error Connection reset by peer)");
}

TEST_CASE("an end can come after a given number of bytes") {
  auto const record = std::make_shared<pipe_record>();
  pipe_options options;
  options.second.end_after = 4;
  options.second.record = record;
  piped p{std::move(options)};
  (void)write_text(*p.a, "123456");
  CHECK(read_text(*p.b) == "1234");
  CHECK_FALSE(record->fault_fired);
  CHECK(read_text(*p.b) == "(end)");
  CHECK(record->fault_fired);
  CHECK(record->bytes_read == 4);
}

TEST_CASE("destroying the context drops a waiter that owns its end of a pipe") {
  struct owner final : io_waiter {
    void ready(io_direction) noexcept override {}
    std::unique_ptr<byte_stream> stream;
  };
  std::weak_ptr<owner> watched;
  std::unique_ptr<byte_stream> survivor;
  {
    piped p;
    auto const waiter = std::make_shared<owner>();
    watched = waiter;
    waiter->stream = std::move(p.a);
    waiter->stream->wait(io_direction::read, waiter);
    survivor = std::move(p.b);
  }
  CHECK(watched.expired());
  CHECK(read_text(*survivor) == "(end)");
}
