// SPDX-License-Identifier: Apache-2.0
#include "dialogue/client_dialogue.hpp"
#include "dialogue/compression.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

using namespace sluice;
using namespace sluice::test;
using boost::asio::detached;

namespace {

using strings = std::vector<std::string>;

/// A unary call whose headers were read, in `sent`.
struct asked {
  explicit asked(std::string words, call_options options = {}, channel_options channel = {})
      : d{std::move(channel)} {
    spawn(d.io, run_unary(d.through, text{std::move(words)}, std::move(options), out), detached);
    d.settle();
    if (d.waiting.empty()) return;
    peer.emplace(d.server());
    sent.emplace(peer->expect_any(frame_type::headers, 1));
  }
  code ends() {
    d.settle();
    return out.ended_with();
  }
  outcome out;
  client_dialogue d;
  std::optional<scripted_peer> peer;
  std::optional<http2_frame> sent;
};

http2_frame packed_response(std::uint32_t stream, std::string_view encoding) {
  return response(stream).field("grpc-encoding", encoding);
}

using chatting = bidi_streaming_call<text, text>;

task<void> chat_by_modes(chatting& chat) {
  text const a{"a"}, b{std::string(2000, 'b')}, c{std::string(2000, 'c')};
  co_await chat.write(a, compression_mode::always);
  co_await chat.write(b, compression_mode::never);
  co_await chat.write(a);
  co_await chat.write(c);
  chat.compress_messages(compression_mode::never);
  co_await chat.write(c);
  co_await chat.writes_done();
}

task<void> read_flags(server_streaming_call<text>& call, std::string& flags) {
  while (auto* const item = co_await call.next())
    flags.append(call.response_compressed() ? "z" : "-").append(item->value).append(" ");
}

task<void> ask_with_name(unary_call<text>& call, std::string& answer) {
  text const reply = co_await call;
  answer = reply.value + (call.response_compressed() ? " z" : " -");
}

}  // namespace

TEST_CASE("a client tells all that it can decode, and compresses nothing by default") {
  asked plain{std::string(2000, 'x')};
  CHECK(plain.sent->value_of("grpc-accept-encoding") == "identity,gzip,deflate,zstd");
  CHECK_FALSE(plain.sent->value_of("grpc-encoding"));
  plain.peer->expect(data(1).message(std::string(2000, 'x')).end());
  asked none{"ask", {}, {.compressors = compressors::none()}};
  CHECK(none.sent->value_of("grpc-accept-encoding") == "identity");
  asked more{"ask", {}, {.compressors = compressors{}.remove("zstd").add(make_backwards)}};
  CHECK(more.sent->value_of("grpc-accept-encoding") == "identity,gzip,deflate,backwards");
}

TEST_CASE("a call compresses its requests, by itself or by its channel") {
  std::string const large(2000, 'x');
  for (auto const* const encoding : {"gzip", "deflate", "zstd"}) {
    asked call{large, call_options{}.compression(encoding)};
    CHECK(call.sent->value_of("grpc-encoding") == encoding);
    call.peer->expect(data(1).message(packed(encoding, large), 1).end());
  }
  asked by_channel{large, {}, {.compression = "gzip"}};
  CHECK(by_channel.sent->value_of("grpc-encoding") == "gzip");
  by_channel.peer->expect(data(1).message(packed("gzip", large), 1).end());
  asked otherwise{large, call_options{}.compression("zstd"), {.compression = "gzip"}};
  CHECK(otherwise.sent->value_of("grpc-encoding") == "zstd");
  asked not_at_all{large, call_options{}.no_compression(), {.compression = "gzip"}};
  CHECK_FALSE(not_at_all.sent->value_of("grpc-encoding"));
  not_at_all.peer->expect(data(1).message(large).end());
}

TEST_CASE("a request below the minimum size, or one that would grow, goes out as it is") {
  asked small{std::string(1023, 'x'), call_options{}.compression("gzip")};
  CHECK(small.sent->value_of("grpc-encoding") == "gzip");
  small.peer->expect(data(1).message(std::string(1023, 'x')).end());
  asked grows{"0123456789", call_options{}.compression("gzip"), {.compression_min_size = 0}};
  grows.peer->expect(data(1).message("0123456789").end());
  asked always{"0123456789", call_options{}.compression("gzip", compression_mode::always)};
  always.peer->expect(data(1).message(packed("gzip", "0123456789"), 1).end());
}

TEST_CASE("each message of a stream is compressed or not, as it is written") {
  client_dialogue d;
  chatting chat{d.through, text_service::bidi_method, call_options{}.compression("gzip")};
  spawn(d.io, chat_by_modes(chat), detached);
  auto peer = d.server();
  peer.expect(headers(1).field("grpc-encoding", "gzip"));
  std::string const expected = data(1)
                                   .message(packed("gzip", "a"), 1)
                                   .message(std::string(2000, 'b'))
                                   .message("a")
                                   .message(packed("gzip", std::string(2000, 'c')), 1)
                                   .message(std::string(2000, 'c'))
                                   .payload;
  CHECK(peer.expect_data(1, expected.size()) == expected);
}

TEST_CASE("a mode without a compression changes nothing") {
  client_dialogue d;
  chatting chat{d.through, text_service::bidi_method, {}};
  spawn(d.io, chat_by_modes(chat), detached);
  auto peer = d.server();
  peer.expect(headers(1).without("grpc-encoding"));
  std::string const b(2000, 'b'), c(2000, 'c');
  std::string const expected = data(1).message("a").message(b).message("a").message(c).message(c).payload;
  CHECK(peer.expect_data(1, expected.size()) == expected);
}

TEST_CASE("an unknown compression fails the call before anything is sent") {
  asked call{"ask", call_options{}.compression("lzma")};
  CHECK(call.ends() == code::invalid_argument);
  CHECK(call.out.ended->message() == "compression \"lzma\" is not among the channel's compressors");
  CHECK_FALSE(call.peer);
  boost::asio::io_context io;
  CHECK_THROWS_AS((channel{io.get_executor(), "localhost:1", {.compression = "lzma"}}), status_error);
}

TEST_CASE("a compressed response is read, and the call knows that it was one") {
  for (auto const* const encoding : {"gzip", "deflate", "zstd"}) {
    client_dialogue d;
    unary_call<text> call{d.through, text_service::unary_method, text{"ask"}, {}};
    std::string answer;
    spawn(d.io, ask_with_name(call, answer), detached);
    auto peer = d.server();
    peer.expect(headers(1)).expect(data(1).message("ask").end());
    peer.send(packed_response(1, encoding))
        .send(data(1).message(packed(encoding, "hello"), 1))
        .send(trailers(1));
    d.settle();
    CHECK(answer == "hello z");
  }
}

TEST_CASE("a stream's messages come compressed or not, one by one, and cut anywhere") {
  for (std::size_t const pieces : {0, 1, 7}) {
    client_dialogue d;
    server_streaming_call<text> call{d.through, text_service::server_method, text{"ask"}, {}};
    std::string flags;
    INFO(pieces);
    spawn(d.io, read_flags(call, flags), detached);
    auto peer = d.server();
    peer.expect(headers(1)).expect(data(1).message("ask").end());
    peer.split(pieces).send(packed_response(1, "zstd"));
    peer.send(data(1).message(packed("zstd", "a"), 1).message("b").message(packed("zstd", ""), 1));
    peer.send(data(1).message("")).send(trailers(1));
    d.settle();
    CHECK(flags == "za -b z - ");
    CHECK(call.status().ok());
  }
}

TEST_CASE("an encoding that was not offered is INTERNAL") {
  for (auto const* const encoding : {"lzma", "gzip,zstd", "GZIP"}) {
    asked call{"ask"};
    call.peer->expect(data(1).message("ask").end()).send(packed_response(1, encoding));
    CHECK(call.ends() == code::internal);
  }
  asked none{"ask", {}, {.compressors = compressors::none()}};
  none.peer->expect(data(1).message("ask").end()).send(packed_response(1, "gzip"));
  CHECK(none.ends() == code::internal);
}

TEST_CASE("a compressed response without an encoding is INTERNAL") {
  for (auto const& head : {response(1), packed_response(1, "identity")}) {
    asked call{"ask", call_options{}.compression("gzip")};
    call.peer->expect(data(1).message("ask").end());
    call.peer->send(head).send(data(1).message(packed("gzip", "x"), 1)).send(trailers(1));
    CHECK(call.ends() == code::internal);
    CHECK(call.out.ended->message() == "compressed message without grpc-encoding");
  }
}

TEST_CASE(
    "a response that is broken, cut off or followed by something is INTERNAL, whatever its trailers say") {
  std::string const good = packed("gzip", "hello");
  for (auto const& bad :
       {std::string{}, std::string{"garbage"}, good.substr(0, good.size() - 1), good + "x"}) {
    asked call{"ask"};
    call.peer->expect(data(1).message("ask").end());
    call.peer->send(packed_response(1, "gzip")).send(data(1).message(bad, 1)).send(trailers(1));
    CHECK(call.ends() == code::internal);
    CHECK(call.out.ended->message() == "compressed message could not be decompressed");
    CHECK(call.out.messages.empty());
  }
}

TEST_CASE("a stream delivers what came before a broken message, and resets") {
  client_dialogue d;
  outcome out;
  spawn(d.io, run_server_streaming(d.through, text{"ask"}, {}, out), detached);
  auto peer = d.server();
  peer.expect(headers(1)).expect(data(1).message("ask").end());
  peer.send(packed_response(1, "gzip")).send(data(1).message(packed("gzip", "good"), 1).message("bad", 1));
  peer.expect(rst_stream(1, internal_error));
  CHECK(out.ended_with() == code::internal);
  CHECK(out.messages == strings{"good"});
}

TEST_CASE("the limit counts what comes out of a response") {
  for (std::size_t const size : {std::size_t{1000}, std::size_t{1001}}) {
    asked call{"ask", call_options{}.max_receive_size(1000)};
    call.peer->expect(data(1).message("ask").end()).send(packed_response(1, "deflate"));
    call.peer->send(data(1).message(packed("deflate", std::string(size, 'x')), 1)).send(trailers(1));
    CHECK(call.ends() == (size == 1000 ? code::ok : code::resource_exhausted));
  }
}

TEST_CASE("the send limit counts a request as it is") {
  asked call{std::string(1001, 'x'), call_options{}.compression("gzip").max_send_size(1000)};
  CHECK(call.ends() == code::resource_exhausted);
}

TEST_CASE("a user's own algorithm goes both ways") {
  asked call{"hello",
             call_options{}.compression("backwards", compression_mode::always),
             {.compressors = compressors{}.add(make_backwards)}};
  CHECK(call.sent->value_of("grpc-encoding") == "backwards");
  call.peer->expect(data(1).message("olleh", 1).end());
  call.peer->send(packed_response(1, "backwards")).send(data(1).message("dlrow", 1)).send(trailers(1));
  CHECK(call.ends() == code::ok);
  CHECK(call.out.messages == strings{"world"});
}
