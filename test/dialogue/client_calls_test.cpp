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

/// A unary call under way on a connection: its request was read whole.
struct unary_under_way {
  explicit unary_under_way(call_options options = {}, channel_options channel = {}) : d{std::move(channel)} {
    spawn(d.io, run_unary(d.through, text{"ask"}, std::move(options), out), detached);
    peer.emplace(d.server());
    peer->expect(headers(1).path("/test.Text/Unary")).expect(data(1).message("ask").end());
  }
  code ends() {
    d.settle();
    return out.ended_with();
  }
  outcome out;
  client_dialogue d;
  std::optional<scripted_peer> peer;
};

using telling = client_streaming_call<text, text>;
using chatting = bidi_streaming_call<text, text>;

// A write outside the race: a call that the race started would end with it.
task<void> give_up_a_write(chatting& chat, std::size_t size, bool& gave_up) {
  text const small{"a"};
  co_await chat.write(small);
  text const large{std::string(size, 'b')};
  co_await first_of(chat.write(large), sleep_for(1s));  // sleep: of the manual clock
  gave_up = true;
}
task<void> give_up_the_response(telling& call, bool& gave_up) {
  text const small{"a"};
  co_await call.write(small);
  auto const first = co_await first_of(call.finish(), sleep_for(1s));  // sleep: of the manual clock
  gave_up = first.index() == 1;
}
template <class Call>
task<void> write_one(Call& call, std::string words, bool& written) {
  text const message{std::move(words)};
  co_await call.write(message);
  written = true;
}
task<void> finish(telling& call, outcome& out) {
  auto answer = co_await as_result(call.finish());
  if (answer) out.messages.push_back(answer->value);
  out.ended = answer ? status{} : answer.status();
}
/// Yields one, waits, and says when it was dropped.
generator<text> one_and_wait(event& what, bool& dropped) {
  struct witness {
    ~witness() { *flag = true; }
    bool* flag;
  } const here{&dropped};
  co_yield text{"a"};
  co_await what.wait();
}
task<void> give_up_a_read(channel& on, generator<text> requests, outcome& out) {
  chatting chat{on, text_service::bidi_method, std::move(requests), {}};
  if (auto* const item = co_await chat.next()) out.messages.push_back(item->value);
  co_await first_of(chat.next(), sleep_for(1s));  // sleep: of the manual clock
  out.ended = chat.status();
}

}  // namespace

TEST_CASE("a unary request has the protocol's headers, one message and END_STREAM, in one write") {
  outcome out;
  client_dialogue d;
  spawn(d.io,
        run_unary(d.through, text{"ask"},
                  call_options{}.metadata({{"x-key", "b"}, {"x-key", "a"}, {"x-bin", "\xab"}}), out),
        detached);
  auto peer = d.server();
  d.settle();
  auto const before = d.record->writes;
  CHECK(before <= 3);  // preface and SETTINGS; the acknowledgement with the request
  auto head =
      headers(1).method("POST").field(":scheme", "http").path("/test.Text/Unary").field("te", "trailers");
  head.field("content-type", "application/grpc").field("x-key", "b").field("x-key", "a").field("x-bin", "qw");
  peer.expect(head.without("grpc-timeout")).expect(data(1).message("ask").end());
  peer.send(response(1).field("x-initial", "i")).send(data(1).message("answer"));
  peer.send(trailers(1).field("x-trailing-bin", "q6s=")).settle();
  CHECK(out.ended_with() == code::ok);
  CHECK(out.messages == strings{"answer"});
  CHECK(out.initial.get("x-initial") == "i");
  CHECK(out.trailing.get("x-trailing-bin") == "\xab\xab");
  peer.expect_silence();
}

TEST_CASE("an HTTP status without gRPC becomes the code of the table") {
  for (auto const& [http, expected] : std::vector<std::pair<int, code>>{{400, code::internal},
                                                                        {401, code::unauthenticated},
                                                                        {403, code::permission_denied},
                                                                        {404, code::unimplemented},
                                                                        {429, code::unavailable},
                                                                        {502, code::unavailable},
                                                                        {503, code::unavailable},
                                                                        {504, code::unavailable},
                                                                        {500, code::unknown},
                                                                        {200, code::unknown}}) {
    CAPTURE(http);
    unary_under_way call;
    call.peer->send(headers(1).status(http).field("content-type", "text/html"))
        .send(data(1).bytes("<html>").end());
    CHECK(call.ends() == expected);
  }
}

TEST_CASE("a response that is not gRPC is told whatever ends the stream") {
  for (int const how : {0, 1, 2}) {
    CAPTURE(how);
    unary_under_way call;
    call.peer->send(headers(1).status(503).field("content-type", "text/html"));
    if (how == 0) call.peer->send(data(1).end());
    else if (how == 1) call.peer->send(rst_stream(1, 8));
    else call.peer->send(headers(1).field("x-trailing", "t").end());
    CHECK(call.ends() == code::unavailable);
    CHECK(call.out.ended->message() == "response is not gRPC: HTTP status 503, content-type \"text/html\"");
  }
}

TEST_CASE("an RST_STREAM becomes the code of the table") {
  for (auto const& [error, expected] :
       std::vector<std::pair<std::uint32_t, code>>{{0, code::internal},
                                                   {1, code::internal},
                                                   {2, code::internal},
                                                   {3, code::internal},
                                                   {6, code::internal},
                                                   {7, code::unavailable},
                                                   {8, code::cancelled},
                                                   {11, code::resource_exhausted},
                                                   {12, code::permission_denied}}) {
    CAPTURE(error);
    unary_under_way call;
    call.peer->send(rst_stream(1, error));
    CHECK(call.ends() == expected);
    CHECK(call.out.messages.empty());
  }
}

TEST_CASE("trailers-only end a call with their status and metadata") {
  unary_under_way call;
  call.peer->send(trailers_only(1, code::not_found).grpc_message("no %E2%98%BA").field("x-why", "because"));
  CHECK(call.ends() == code::not_found);
  CHECK(call.out.ended->message() == "no \xE2\x98\xBA");
  CHECK(call.out.ended->who() == origin::peer);
  CHECK(call.out.trailing.get("x-why") == "because");
}

TEST_CASE("trailers-only count whatever the HTTP status is") {
  unary_under_way call;
  call.peer->send(headers(1).status(503).grpc_status(code::aborted).end());
  CHECK(call.ends() == code::aborted);
}

TEST_CASE("grpc-status in headers that do not end the stream is ignored") {
  unary_under_way call;
  call.peer->send(response(1).grpc_status(code::aborted)).send(data(1).message("answer")).send(trailers(1));
  CHECK(call.ends() == code::ok);
}

TEST_CASE("a stream that ends without a status is INTERNAL") {
  for (int const how : {0, 1, 2}) {
    CAPTURE(how);
    unary_under_way call;
    if (how == 0) call.peer->send(response(1).end());
    if (how == 1) call.peer->send(response(1)).send(data(1).message("x").end());
    if (how == 2)
      call.peer->send(response(1)).send(data(1).message("x")).send(headers(1).field("x", "y").end());
    CHECK(call.ends() == code::internal);
  }
}

TEST_CASE("informational headers come before the response and say nothing") {
  unary_under_way call;
  call.peer->send(headers(1).status(103).field("link", "x")).send(headers(1).status(100));
  call.peer->send(response(1)).send(data(1).message("answer")).send(trailers(1));
  CHECK(call.ends() == code::ok);
}

TEST_CASE("a response of no message, or of two, is UNIMPLEMENTED") {
  unary_under_way none;
  none.peer->send(response(1)).send(trailers(1));
  CHECK(none.ends() == code::unimplemented);
  unary_under_way two;
  two.peer->send(response(1)).send(data(1).message("a").message("b")).send(trailers(1));
  CHECK(two.ends() == code::unimplemented);
}

TEST_CASE("a response is refused as soon as anything follows its one message, and the server is stopped") {
  for (bool const whole : {true, false}) {
    INFO(whole);
    unary_under_way call;
    call.peer->send(response(1)).send(data(1).message("a")).expect_silence();
    CHECK_FALSE(call.out.ended);
    if (whole) call.peer->send(data(1).message("b"));
    else call.peer->send(data(1).bytes({"\0", 1}));
    call.peer->expect(rst_stream(1, internal_error));
    CHECK(call.ends() == code::unimplemented);
    CHECK(call.out.messages.empty());
    call.peer->send(data(1).message("c")).expect_silence();
  }
}

TEST_CASE("a response that does not parse, is compressed, or is over the limit, fails its call alone") {
  unary_under_way malformed;
  malformed.peer->send(response(1)).send(data(1).message("malformed")).send(trailers(1));
  CHECK(malformed.ends() == code::internal);
  unary_under_way compressed;
  compressed.peer->send(response(1)).send(data(1).message("zip", 1)).send(trailers(1));
  CHECK(compressed.ends() != code::ok);
  unary_under_way encoded;
  encoded.peer->send(response(1).field("grpc-encoding", "zip"));
  CHECK(encoded.ends() == code::internal);
  unary_under_way large{call_options{}.max_receive_size(3)};
  large.peer->send(response(1)).send(data(1).message("long")).settle();
  CHECK(large.ends() == code::resource_exhausted);
  unary_under_way headers_too_large{{}, {.max_header_list_size = 1000}};
  headers_too_large.peer->send(response(1).field("x", std::string(2000, 'h')));
  CHECK(headers_too_large.ends() == code::resource_exhausted);
}

TEST_CASE("a header that breaks HTTP/2 fails its call alone, and leaves no metadata to the next") {
  unary_under_way call;
  outcome other;
  spawn(call.d.io, run_unary(call.d.through, text{"ask"}, {}, other), detached);
  call.peer->expect(headers(3)).expect(data(3).message("ask").end());
  call.peer->send(response(1).field("x-refused", "1").field("connection", "close"));
  call.peer->send(response(3).field("x-good", "3")).send(data(3).message("answer")).send(trailers(3));
  call.peer->expect(rst_stream(1, protocol_error)).expect_silence();
  CHECK(call.ends() == code::internal);
  CHECK(call.out.initial.empty());
  CHECK(other.ended_with() == code::ok);
  CHECK(other.messages == strings{"answer"});
  CHECK(other.initial.get("x-good") == "3");
  CHECK(other.initial.size() == 1);
}

TEST_CASE("request metadata above 64 KiB fails its call at once, and nothing is sent") {
  outcome out;
  outcome next;
  client_dialogue d;
  sluice::metadata large;
  for (int i = 0; i != 7; ++i) large.add("x-large", std::string(std::size_t{10} * 1024, 'm'));
  spawn(d.io, run_unary(d.through, text{"ask"}, call_options{}.metadata(std::move(large)), out), detached);
  auto peer = d.server();
  peer.expect_silence();
  CHECK(out.ended_with() == code::resource_exhausted);
  CHECK(out.ended->who() == origin::local);
  CHECK(std::string{out.ended->message()}.find("request metadata of 7") != std::string::npos);
  spawn(d.io, run_unary(d.through, text{"ask"}, {}, next), detached);
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(next.ended_with() == code::ok);
}

TEST_CASE("request metadata above what the server takes fail their call, and nothing is sent") {
  outcome out;
  outcome next;
  client_dialogue d;
  constexpr std::uint16_t max_header_list_size = 6;
  spawn(
      d.io,
      run_unary(d.through, text{"ask"}, call_options{}.metadata({{"x-large", std::string(1000, 'm')}}), out),
      detached);
  auto peer = d.server(settings({{max_header_list_size, 1000}}));
  peer.expect_silence();
  CHECK(out.ended_with() == code::resource_exhausted);
  CHECK(std::string{out.ended->message()}.find("the 1000 bytes that the server takes") != std::string::npos);
  spawn(d.io, run_unary(d.through, text{"ask"}, {}, next), detached);
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(next.ended_with() == code::ok);
}

TEST_CASE("a reset behind the trailers changes nothing") {
  unary_under_way call;
  call.peer->send(response(1)).send(data(1).message("answer")).send(trailers(1)).send(rst_stream(1, cancel));
  CHECK(call.ends() == code::ok);
  CHECK(call.out.messages == strings{"answer"});
}

TEST_CASE("trailers behind the server's reset are an error of their stream alone") {
  outcome other;
  unary_under_way call;
  spawn(call.d.io, run_unary(call.d.through, text{"ask"}, {}, other), detached);
  call.peer->expect(headers(3)).expect(data(3).message("ask").end());
  for (int i = 0; i != 2; ++i)  // as gRPC's C++ servers do at a deadline
    call.peer->send(response(1).field("grpc-status", "4").end()).send(rst_stream(1, cancel));
  constexpr std::uint32_t stream_closed = 5;
  call.peer->expect(rst_stream(1, stream_closed)).expect_silence();
  CHECK(call.ends() == code::deadline_exceeded);
  call.peer->send(response(3)).send(data(3).message("answer")).send(trailers(3)).settle();
  CHECK(other.ended_with() == code::ok);
}

TEST_CASE("a reset amid the data delivers no message of a unary call") {
  unary_under_way call;
  call.peer->send(response(1))
      .send(data(1).bytes({"\0\0\0\0\x09half", 9}))
      .send(rst_stream(1, internal_error));
  CHECK(call.ends() == code::internal);
  CHECK(call.out.messages.empty());
}

TEST_CASE("the other kinds of call converse") {
  outcome server_out;
  outcome client_out;
  outcome bidi_out;
  client_dialogue d;
  spawn(d.io, run_server_streaming(d.through, text{"n"}, {}, server_out), detached);
  auto peer = d.server();
  peer.expect(headers(1).path("/test.Text/Server")).expect(data(1).message("n").end());
  peer.send(response(1)).send(data(1).message("1").message("2")).settle();
  CHECK(server_out.messages == strings{"1", "2"});
  CHECK_FALSE(server_out.ended);
  peer.send(data(1).message("3")).send(trailers(1, code::data_loss)).settle();
  CHECK(server_out.messages == strings{"1", "2", "3"});
  CHECK(server_out.ended_with() == code::data_loss);

  spawn(d.io, run_client_streaming(d.through, some_texts({"a", "b"}), {}, client_out), detached);
  peer.expect(headers(3).path("/test.Text/Client")).expect(data(3).message("a").message("b").end());
  peer.send(response(3)).send(data(3).message("ab")).send(trailers(3)).settle();
  CHECK(client_out.ended_with() == code::ok);
  CHECK(client_out.messages == strings{"ab"});

  spawn(d.io, run_bidi(d.through, some_texts({"x"}), {}, bidi_out), detached);
  peer.expect(headers(5).path("/test.Text/Bidi")).expect(data(5).message("x").end());
  peer.send(response(5)).send(data(5).message("y")).send(trailers(5)).settle();
  CHECK(bidi_out.ended_with() == code::ok);
  CHECK(bidi_out.messages == strings{"y"});
}

TEST_CASE("a stream of responses that ends OK inside a message is INTERNAL") {
  outcome out;
  client_dialogue d;
  spawn(d.io, run_server_streaming(d.through, text{"n"}, {}, out), detached);
  auto peer = d.server();
  peer.expect_any(frame_type::headers, 1);
  peer.expect_any(frame_type::data, 1);
  peer.send(response(1))
      .send(data(1).message("whole").bytes({"\0\0\0\0\x05ha", 7}))
      .send(trailers(1))
      .settle();
  CHECK(out.messages == strings{"whole"});
  CHECK(out.ended_with() == code::internal);
}

TEST_CASE("a server that answers early stops the generator of the requests") {
  outcome out;
  client_dialogue d;
  auto endless = []() -> generator<text> {
    for (;;) co_yield text{std::string(10'000, 'q')};
  };
  spawn(d.io, run_client_streaming(d.through, endless(), {}, out), detached);
  auto peer = d.server();
  peer.expect_any(frame_type::headers, 1);
  CHECK(peer.expect_data(1, 65'535).size() == 65'535);
  peer.send(response(1)).send(data(1).message("enough")).send(trailers(1)).expect(rst_stream(1, cancel));
  d.settle();
  CHECK(out.ended_with() == code::ok);
  CHECK(out.messages == strings{"enough"});
}

TEST_CASE("a deadline ends a call by the client's own clock, and the server is told at once") {
  outcome out;
  client_dialogue d;
  spawn(d.io, run_unary(d.through, text{"ask"}, call_options{}.timeout(100ms), out), detached);
  auto peer = d.server();
  peer.expect(headers(1).field("grpc-timeout", "100000u")).expect_any(frame_type::data, 1);
  d.clock.advance(101ms);
  peer.expect(rst_stream(1, cancel));
  CHECK(out.ended_with() == code::deadline_exceeded);
  CHECK(out.ended->who() == origin::local);
}

TEST_CASE("each call says its own timeout, whatever those before it have said") {
  client_dialogue d;
  std::optional<scripted_peer> peer;
  std::uint32_t id = 1;
  auto const call = [&](call_options options, std::string_view timeout) {
    outcome out;
    spawn(d.io, run_unary(d.through, text{"ask"}, std::move(options), out), detached);
    if (!peer) peer.emplace(d.server());
    auto const expected = headers(id).path("/test.Text/Unary");
    peer->expect(timeout.empty() ? http2_frame{expected}.without("grpc-timeout")
                                 : http2_frame{expected}.field("grpc-timeout", timeout));
    peer->expect_any(frame_type::data, id);
    peer->send(response(id)).send(data(id).message("answer")).send(trailers(id)).settle();
    d.settle();
    CHECK(out.ended_with() == code::ok);
    id += 2;
  };
  for (int i = 0; i != 20; ++i) call(call_options{}.timeout(100ms), "100000u");
  call({}, {});
  for (int i = 0; i != 12; ++i)
    call(call_options{}.timeout(i % 2 == 0 ? 250ms : 100ms), i % 2 == 0 ? "250000u" : "100000u");
  for (int i = 0; i != 20; ++i) call(call_options{}.timeout(1s), "1000000u");
  call(call_options{}.timeout(100ms).metadata({{"x-key", "a"}}), "100000u");
}

TEST_CASE("destroying a call sends RST_STREAM at once") {
  outcome out;
  client_dialogue d;
  auto first_only = [](channel& on, outcome& result) -> task<void> {
    server_streaming_call<text> call{on, text_service::server_method, text{"n"}, {}};
    auto* const first = co_await call.next();
    result.messages.push_back(first->value);
  };
  spawn(d.io, first_only(d.through, out), detached);
  auto peer = d.server();
  peer.expect_any(frame_type::headers, 1);
  peer.expect_any(frame_type::data, 1);
  peer.send(response(1)).send(data(1).message("1")).expect(rst_stream(1, cancel));
  CHECK(out.messages == strings{"1"});
}

TEST_CASE("a write that is given up while it waits for room lets the next one through") {
  constexpr std::size_t size = 40'000;  // more than a stream keeps unsent
  bool gave_up = false;
  bool written = false;
  client_dialogue d;
  chatting chat{d.through, text_service::bidi_method, {}};
  spawn(d.io, give_up_a_write(chat, size, gave_up), detached);
  auto peer = d.server(settings({{setting_initial_window, 0}}));
  peer.expect(headers(1)).expect_silence();
  CHECK_FALSE(gave_up);
  d.clock.advance(1s);
  CHECK(gave_up);
  CHECK_FALSE(chat.ended());
  peer.send(window_update(1, 60'000));
  CHECK(peer.expect_data(1, 6 + 5 + size).ends_with('b'));
  spawn(d.io, write_one(chat, "later", written), detached);
  peer.expect(data(1).message("later"));
  CHECK(written);
}

TEST_CASE("a call may go before the task whose write waits in it, when everything goes") {
  bool written = false;
  client_dialogue d;
  auto chat = std::make_unique<chatting>(d.through, text_service::bidi_method, call_options{});
  spawn(d.io, write_one(*chat, std::string(200'000, 'b'), written), detached);
  auto peer = d.server();
  d.settle();
  chat.reset();
  CHECK_FALSE(written);
}

TEST_CASE("a write behind one that was given up waits for room in its turn") {
  constexpr std::size_t size = 40'000;
  bool gave_up = false;
  bool written = false;
  client_dialogue d;
  chatting chat{d.through, text_service::bidi_method, {}};
  spawn(d.io, give_up_a_write(chat, size, gave_up), detached);
  auto peer = d.server(settings({{setting_initial_window, 0}}));
  peer.expect(headers(1)).expect_silence();
  d.clock.advance(1s);
  CHECK(gave_up);
  spawn(d.io, write_one(chat, "later", written), detached);
  peer.expect_silence();
  CHECK_FALSE(written);
  peer.send(window_update(1, 1000));
  CHECK(peer.expect_data(1, 1000).ends_with('b'));
  peer.expect_silence();
  CHECK_FALSE(written);  // there is still more than the mark
  peer.send(window_update(1, size));
  CHECK(peer.expect_data(1, 6 + 5 + size - 1000 + 10).ends_with("later"));
  CHECK(written);
}

TEST_CASE("a call that goes after a read was given up is reset, and its request generator is stopped") {
  outcome out;
  event never;
  bool dropped = false;
  client_dialogue d;
  spawn(d.io, give_up_a_read(d.through, one_and_wait(never, dropped), out), detached);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("a"));
  peer.send(response(1)).send(data(1).message("1")).expect_silence();
  CHECK(out.messages == strings{"1"});
  CHECK_FALSE(dropped);
  d.clock.advance(1s);
  peer.expect(rst_stream(1, cancel));
  REQUIRE(out.ended);
  CHECK(out.ended->ok());  // it had not ended before it was destroyed
  CHECK(dropped);
}

TEST_CASE("whoever gives up waiting for the response ends the call, although an earlier write began it") {
  bool gave_up = false;
  client_dialogue d;
  telling call{d.through, text_service::client_method, {}};
  spawn(d.io, give_up_the_response(call, gave_up), detached);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("a").end()).expect_silence();
  CHECK_FALSE(gave_up);
  d.clock.advance(1s);
  CHECK(gave_up);
  CHECK(call.status().code() == code::cancelled);
  peer.expect(rst_stream(1, cancel));
}

TEST_CASE("a second wait for the response fails with FAILED_PRECONDITION, and the first goes on") {
  outcome first;
  outcome second;
  client_dialogue d;
  telling call{d.through, text_service::client_method, {}};
  spawn(d.io, finish(call, first), detached);
  auto peer = d.server();
  peer.expect(headers(1).end());
  spawn(d.io, finish(call, second), detached);
  d.settle();
  CHECK(second.ended_with() == code::failed_precondition);
  CHECK_FALSE(first.ended);
  peer.send(response(1)).send(data(1).message("answer")).send(trailers(1)).settle();
  CHECK(first.ended_with() == code::ok);
  CHECK(first.messages == strings{"answer"});
}
