// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/first_of.hpp>

#include "dialogue/client_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

using strings = std::vector<std::string>;
using boost::asio::detached;

void ask(client_dialogue& d, outcome& out, call_options options = {}) {
  spawn(d.io, run_unary(d.through, text{"ask"}, std::move(options), out), detached);
}
void answer(scripted_peer& peer, std::uint32_t id) {
  peer.expect_any(frame_type::headers, id);
  peer.expect(data(id).message("ask").end());
  peer.send(response(id)).send(data(id).message("answer")).send(trailers(id)).settle();
}
task<void> nothing() { co_return; }

struct seen_by_channel final : channel_observer {
  void connection_opened(std::string_view peer) noexcept override {
    seen.push_back("opened " + std::string{peer});
  }
  void connection_closed(std::string_view peer, std::string_view) noexcept override {
    seen.push_back("closed " + std::string{peer});
  }
  void call_started(std::string_view) noexcept override { seen.emplace_back("started"); }
  void call_ended(std::string_view, status const& how, duration) noexcept override {
    seen.push_back("ended " + std::string{to_string(how.code())});
  }
  strings seen;
};

}  // namespace

TEST_CASE("calls above the server's limit wait for their turn") {
  std::array<outcome, 3> out;
  client_dialogue d;
  for (auto& each : out) ask(d, each);
  auto peer = d.server(settings({{setting_max_streams, 1}}));
  for (std::uint32_t const id : {1U, 3U, 5U}) {
    peer.expect(headers(id)).expect(data(id).message("ask").end()).expect_silence();
    peer.send(response(id)).send(data(id).message("answer")).send(trailers(id)).settle();
  }
  for (auto const& each : out) CHECK(each.ended_with() == code::ok);
}

TEST_CASE("SETTINGS that never come end connecting after its timeout") {
  outcome out;
  client_dialogue d{{.connect_timeout = 5s}};
  ask(d, out);
  auto peer = d.accept();
  d.clock.advance(4s);
  d.settle();
  CHECK_FALSE(out.ended);
  d.clock.advance(1s + 1ms);
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK(std::string{out.ended->message()}.find("no HTTP/2 SETTINGS came within") != std::string::npos);
}

TEST_CASE("a server that speaks HTTP/1.1 or TLS is named") {
  for (auto const& [bytes, words] : std::vector<std::pair<std::string, std::string>>{
           {"HTTP/1.1 400 Bad Request\r\n\r\n", "the peer speaks HTTP/1.1, not HTTP/2"},
           {{"\x15\x03\x01\x00\x02\x02\x46", 7}, "the peer expects TLS on this port"}}) {
    outcome out;
    client_dialogue d;
    ask(d, out);
    auto peer = d.accept();
    peer.send_raw(bytes).settle();
    CHECK(out.ended_with() == code::unavailable);
    CAPTURE(out.ended->message());
    CHECK(std::string{out.ended->message()}.find(words) != std::string::npos);
  }
}

TEST_CASE("a connection that cannot be made fails the call, unless it waits for one") {
  outcome out;
  outcome patient;
  client_dialogue d;
  d.refuse = true;
  ask(d, out);
  ask(d, patient, call_options{}.wait_for_ready());
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK_FALSE(patient.ended);
  d.refuse = false;
  d.clock.advance(2s);  // the back-off is a second, give or take
  auto peer = d.server();
  answer(peer, 1);
  CHECK(patient.ended_with() == code::ok);
}

TEST_CASE("a call that does not wait for a connection fails at once, also behind calls that do") {
  outcome patient;
  outcome out;
  client_dialogue d;
  d.refuse = true;
  ask(d, patient, call_options{}.wait_for_ready());
  d.settle();
  ask(d, out);
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK_FALSE(patient.ended);
}

TEST_CASE("a connector that throws has failed to connect") {
  outcome out;
  outcome patient;
  client_dialogue d;
  d.throws = true;
  ask(d, out);
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK(std::string{out.ended->message()}.find("no such wire") != std::string::npos);
  ask(d, patient, call_options{}.wait_for_ready());
  d.clock.advance(2s);  // again by the timer, where nothing may be thrown
  d.settle();
  CHECK_FALSE(patient.ended);
  d.throws = false;
  d.clock.advance(4s);
  auto peer = d.server();
  answer(peer, 1);
  CHECK(patient.ended_with() == code::ok);
}

TEST_CASE("GOAWAY ends the calls above its last stream, lets the others finish, and new ones go elsewhere") {
  outcome first;
  outcome second;
  outcome third;
  client_dialogue d;
  ask(d, first);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  ask(d, second);
  peer.expect(headers(3)).expect(data(3).message("ask").end());
  peer.send(goaway(1, no_error)).settle();
  CHECK(second.ended_with() == code::unavailable);
  CHECK_FALSE(first.ended);
  ask(d, third);
  auto other = d.server();
  answer(other, 1);
  CHECK(third.ended_with() == code::ok);
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(first.ended_with() == code::ok);
  peer.expect_any(frame_type::goaway, 0);
  peer.expect_end();
}

TEST_CASE("a second GOAWAY of the connection that leaves does not touch the one that took over") {
  std::array<outcome, 3> out;
  client_dialogue d;
  ask(d, out[0]);
  auto leaving = d.server();
  leaving.expect(headers(1)).expect(data(1).message("ask").end());
  leaving.send(goaway(0x7fffffff, no_error)).settle();
  ask(d, out[1]);
  auto other = d.server();
  other.expect(headers(1)).expect(data(1).message("ask").end());
  CHECK(d.through.state() == connectivity::ready);
  leaving.send(goaway(1, no_error)).settle();
  CHECK(d.through.state() == connectivity::ready);
  ask(d, out[2]);
  answer(other, 3);
  other.send(response(1)).send(data(1).message("answer")).send(trailers(1)).expect_silence();
  leaving.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  for (auto const& each : out) CHECK(each.ended_with() == code::ok);
  CHECK(d.waiting.empty());
}

TEST_CASE("SETTINGS of the connection that leaves say nothing about the one that is being made") {
  outcome first;
  outcome second;
  client_dialogue d{{.connect_timeout = 5s}};
  ask(d, first);
  auto leaving = d.server();
  leaving.expect(headers(1)).expect(data(1).message("ask").end());
  leaving.send(goaway(1, no_error)).settle();
  ask(d, second);
  auto other = d.accept();
  leaving.send(settings({{setting_max_streams, 10}})).settle();
  CHECK(d.through.state() == connectivity::connecting);
  d.clock.advance(4s);
  other.begin_as_server();
  answer(other, 1);
  CHECK(second.ended_with() == code::ok);
  CHECK(d.through.state() == connectivity::ready);
}

TEST_CASE("an observer is told of the end of a connection that a GOAWAY had taken out of use") {
  outcome out;
  seen_by_channel seen;
  client_dialogue d{{.observer = &seen}};
  ask(d, out);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  peer.send(goaway(1, no_error)).settle();
  CHECK(seen.seen == strings{"started", "opened pipe"});
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(seen.seen == strings{"started", "opened pipe", "ended OK", "closed pipe"});
}

TEST_CASE("an observer is told of the start and the end of a call whose awaiter was stopped before") {
  outcome out;
  seen_by_channel seen;
  client_dialogue d{{.observer = &seen}};
  auto race = [](channel& on, outcome& to) -> task<void> {
    co_await first_of(nothing(), run_unary(on, text{"ask"}, {}, to));
  };
  spawn(d.io, race(d.through, out), detached);
  d.settle();
  CHECK(out.ended_with() == code::cancelled);
  CHECK(seen.seen == strings{"started", "ended CANCELLED"});
  CHECK(d.waiting.empty());
}

TEST_CASE("GOAWAY before SETTINGS ends connecting at once") {
  outcome out;
  client_dialogue d;
  ask(d, out);
  auto peer = d.accept();
  peer.send(goaway(0, no_error)).settle();
  CHECK(out.ended_with() == code::unavailable);
  CAPTURE(out.ended->message());
  CHECK(std::string{out.ended->message()}.find("expected SETTINGS") != std::string::npos);
}

TEST_CASE("a channel that shuts down closes when its last call has ended") {
  outcome out;
  client_dialogue d;
  ask(d, out);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  bool over = false;
  spawn(d.io, d.through.shutdown(1h), [&](std::exception_ptr failed) { over = failed == nullptr; });
  peer.expect_silence();
  CHECK_FALSE(over);
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1));
  peer.expect_any(frame_type::goaway, 0);
  peer.expect_end();
  CHECK(out.ended_with() == code::ok);
  CHECK(over);
}

TEST_CASE("a channel may be closed from inside of what its connection is told") {
  outcome closing;
  outcome other;
  client_dialogue d;
  auto closes = [](channel& on) -> generator<text> {
    coro::context& here = co_await coro::get_context{};
    stop_callback const when_over{here.stop().token(), [&](stop_reason) { on.close(); }};
    co_yield text{"one"};
    event never;
    co_await never.wait();
  };
  spawn(d.io, run_client_streaming(d.through, closes(d.through), {}, closing), detached);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("one"));
  ask(d, other);
  peer.expect(headers(3)).expect(data(3).message("ask").end());
  // The first frame ends a call, which closes the channel; those behind it are in the same read.
  peer.send(trailers_only(1, code::aborted)).send(response(3)).send(rst_stream(3, cancel)).settle();
  CHECK(closing.ended_with() == code::aborted);
  CHECK(other.ended_with() == code::unavailable);
  CHECK(d.through.state() == connectivity::shutdown);
}

TEST_CASE("a lost connection ends its calls with UNAVAILABLE, and the next call makes another") {
  for (bool const orderly : {true, false}) {
    std::array<outcome, 4> out;
    outcome next;
    client_dialogue d;
    ask(d, out[0]);
    spawn(d.io, run_server_streaming(d.through, text{"n"}, {}, out[1]), detached);
    event never;
    auto stuck = [](event& what) -> generator<text> {
      co_yield text{"a"};
      co_await what.wait();
    };
    spawn(d.io, run_client_streaming(d.through, stuck(never), {}, out[2]), detached);
    spawn(d.io, run_bidi(d.through, stuck(never), {}, out[3]), detached);
    auto peer = d.server();
    peer.settle();
    if (orderly) peer.half_close();
    else peer.close();
    d.settle();
    for (auto const& each : out) CHECK(each.ended_with() == code::unavailable);
    ask(d, next);
    auto other = d.server();
    answer(other, 1);
    CHECK(next.ended_with() == code::ok);
  }
}

TEST_CASE("a server that breaks HTTP/2 is told so; its calls and the log say what it did") {
  outcome out;
  client_dialogue d;
  ask(d, out);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  peer.send(data(2).message("pushed")).expect_any(frame_type::goaway, 0);
  peer.expect_end();
  CHECK(out.ended_with() == code::unavailable);
  CHECK(out.ended->message() == "connection to pipe lost: DATA: stream in idle");
  REQUIRE(d.log.size() == 1);
  CHECK(d.log[0].first == log_level::warning);
  CHECK(d.log[0].second == out.ended->message());
}

TEST_CASE("a channel that is closed with calls in flight ends them") {
  outcome out;
  outcome queued;
  client_dialogue d;
  ask(d, out);
  auto peer = d.server(settings({{setting_max_streams, 1}}));
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  ask(d, queued);
  d.settle();
  d.through.close();
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK(queued.ended_with() == code::unavailable);
}

TEST_CASE("whichever read, write or byte is the last, every call of the client ends") {
  enum class fault { read, write, end };
  constexpr std::size_t many = 5000;
  for (int const kind : {0, 1, 2, 3}) {
    for (auto const what : {fault::read, fault::write, fault::end}) {
      std::size_t nth = 1;
      bool through = false;
      for (; nth != many && !through; ++nth) {
        CAPTURE(kind, static_cast<int>(what), nth);
        outcome out;
        client_dialogue d;
        if (what == fault::read) d.pipes.first.fail_read = nth;
        if (what == fault::write) d.pipes.first.fail_write = nth;
        if (what == fault::end) d.pipes.first.end_after = nth;
        if (kind == 0) ask(d, out);
        if (kind == 1) spawn(d.io, run_server_streaming(d.through, text{"n"}, {}, out), detached);
        if (kind == 2)
          spawn(d.io, run_client_streaming(d.through, some_texts({"a", "b"}), {}, out), detached);
        if (kind == 3) spawn(d.io, run_bidi(d.through, some_texts({"a"}), {}, out), detached);
        auto peer = d.accept();
        try {
          peer.begin_as_server();
          peer.expect_any(frame_type::headers, 1);
          peer.settle()
              .send(response(1))
              .settle()
              .send(data(1).message("answer"))
              .settle()
              .send(trailers(1))
              .settle();
        } catch (dialogue_error const&) {  // the rest of it was not heard
        }
        d.settle();
        through = !d.record->fault_fired;
        CHECK(out.ended.has_value());
        if (through) CHECK(out.ended_with() == code::ok);
      }
      CHECK(nth > 2);
      CHECK(through);
    }
  }
}
