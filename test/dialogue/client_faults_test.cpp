// SPDX-License-Identifier: Apache-2.0
// What a server may say that a client cannot use, and what a user's requests may do: the call ends, and says why.
#include "dialogue/client_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test;
using boost::asio::detached;

namespace {

generator<text> one_and_a_failure(int kind) {
  co_yield text{"a"};
  if (kind == 0) throw status_error{code::aborted, "enough"};
  if (kind == 1) throw std::runtime_error{"no more paper"};
  if (kind == 2) throw 3;
  co_yield status{code::out_of_range, "at the end"};
}

}  // namespace

TEST_CASE("binary metadata that is no base64 fails the call, in headers and in trailers") {
  for (bool const in_trailers : {false, true}) {
    CAPTURE(in_trailers);
    outcome out;
    client_dialogue d;
    spawn(d.io, run_unary(d.through, text{"ask"}, {}, out), detached);
    auto peer = d.server();
    peer.expect_any(frame_type::headers, 1);
    peer.expect(data(1).message("ask").end());
    auto head = response(1);
    auto tail = trailers(1);
    (in_trailers ? tail : head).field("some-bin", "!");
    peer.send(head).send(data(1).message("answer")).send(tail).settle();
    CHECK(out.ended_with() == code::internal);
    CHECK(out.messages.empty());
  }
}

TEST_CASE("DATA in the read that failed its call is dropped, and its window is given back") {
  outcome out;
  client_dialogue d;
  spawn(d.io, run_unary(d.through, text{"ask"}, {}, out), detached);
  auto peer = d.server();
  peer.expect_any(frame_type::headers, 1);
  peer.expect(data(1).message("ask").end());
  peer.send(response(1).field("some-bin", "!"));
  for (int i = 0; i != 3; ++i) peer.send(data(1).message(std::string(16'000, 'x')));
  peer.settle();
  CHECK(out.ended_with() == code::internal);
  peer.expect(rst_stream(1, internal_error)).expect_silence();
}

TEST_CASE("a request generator that fails ends its call with what it failed with") {
  struct row {
    int kind;
    code expected;
    std::string_view says;
  };
  for (auto const& [kind, expected, says] :
       {row{0, code::aborted, "enough"},
        row{1, code::cancelled, "the request generator threw: no more paper"},
        row{2, code::cancelled, "the request generator threw"}, row{3, code::out_of_range, "at the end"}}) {
    CAPTURE(kind);
    outcome out;
    client_dialogue d;
    spawn(d.io, run_client_streaming(d.through, one_and_a_failure(kind), {}, out), detached);
    auto peer = d.server();
    peer.settle();
    REQUIRE(out.ended);
    CHECK(out.ended->code() == expected);
    CHECK(out.ended->message() == says);
    peer.expect_silence();  // it failed in the turn in which the call began
  }
}

TEST_CASE("the states of a channel have gRPC's names") {
  CHECK(to_string(connectivity::idle) == "IDLE");
  CHECK(to_string(connectivity::connecting) == "CONNECTING");
  CHECK(to_string(connectivity::ready) == "READY");
  CHECK(to_string(connectivity::transient_failure) == "TRANSIENT_FAILURE");
  CHECK(to_string(connectivity::shutdown) == "SHUTDOWN");
}

TEST_CASE("a channel knows its executor, and its target in canonical form") {
  boost::asio::io_context io;
  channel const through{io.get_executor(), "localhost:50051"};
  CHECK(through.target() == "dns:///localhost:50051");
  CHECK(through.executor() == io.get_executor());
}
