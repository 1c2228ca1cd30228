// SPDX-License-Identifier: Apache-2.0
#include "dialogue/compression.hpp"
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

http2_frame packed_request(http2_frame request, std::string_view encoding) {
  return request.field("grpc-encoding", encoding);
}
http2_frame accepting(http2_frame request, std::string_view list) {
  return request.field("grpc-accept-encoding", list);
}

/// A handler that answers with what it is told of each request: "z" for a compressed one.
generator<text> report_each(generator<text> items) {
  server_call& call = co_await this_call;
  while (auto* const item = co_await items.next())
    co_yield text{(call.request_compressed() ? "z " : "- ") + item->value};
}

}  // namespace

TEST_CASE("a compressed request is read, in each encoding that the server knows") {
  for (auto const* const encoding : {"gzip", "deflate", "zstd"}) {
    INFO(encoding);
    server_dialogue d;
    auto peer = d.client();
    peer.send(packed_request(unary_request(1), encoding))
        .send(data(1).message(packed(encoding, "hello"), 1).end());
    peer.expect(response(1).without("grpc-encoding")).expect(data(1).message("hello")).expect(trailers(1));
    peer.send(packed_request(client_request(3), encoding));
    peer.send(data(3).message(packed(encoding, "a"), 1))
        .send(data(3).message(packed(encoding, "b"), 1).end());
    peer.expect(response(3)).expect(data(3).message("ab")).expect(trailers(3));
  }
}

TEST_CASE("a compressed request may arrive byte by byte") {
  server_dialogue d;
  auto peer = d.connect();
  peer.split(1).begin_as_client();
  peer.send(packed_request(bidi_request(1), "gzip"));
  peer.send(
      data(1).message(packed("gzip", "one"), 1).message("two").message(packed("gzip", "three"), 1).end());
  peer.expect(response(1));
  CHECK(peer.expect_data(1, 26) == data(1).message("one").message("two").message("three").payload);
  peer.expect(trailers(1));
}

TEST_CASE("an encoding may be announced and single messages sent without it; the handler sees which") {
  server_dialogue d;
  d.handlers.bidi = report_each;
  auto peer = d.client();
  peer.send(packed_request(bidi_request(1), "gzip"));
  peer.send(data(1).message(packed("gzip", "a"), 1)).expect(response(1)).expect(data(1).message("z a"));
  peer.send(data(1).message("b")).expect(data(1).message("- b"));
  peer.send(data(1).message(packed("gzip", ""), 1).end()).expect(data(1).message("z ")).expect(trailers(1));
}

TEST_CASE("an unknown encoding is UNIMPLEMENTED, with the list of what is known") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(packed_request(unary_request(1), "lzma")).send(data(1).message("x", 1).end());
  peer.expect(
      trailers_only(1, code::unimplemented).field("grpc-accept-encoding", "identity,gzip,deflate,zstd"));
  server_dialogue none{{.compressors = compressors::none()}};
  auto other = none.client();
  other.send(packed_request(unary_request(1), "gzip"));
  other.expect(trailers_only(1, code::unimplemented).field("grpc-accept-encoding", "identity"));
}

TEST_CASE("a compressed request without an encoding is INTERNAL") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message(packed("gzip", "x"), 1).end());
  peer.expect(trailers_only(1, code::internal));
  peer.send(packed_request(unary_request(3), "identity")).send(data(3).message("x", 1).end());
  peer.expect(trailers_only(3, code::internal));
  peer.send(packed_request(unary_request(5), "gzip")).send(data(5).message("x", 2).end());
  peer.expect(trailers_only(5, code::internal));
}

TEST_CASE("compressed bytes that are broken, cut off or followed by others are INTERNAL") {
  server_dialogue d;
  int reached = 0;
  d.handlers.unary = [&](text request) {
    ++reached;
    return text_service::echo(std::move(request));
  };
  auto peer = d.client();
  std::string const good = packed("gzip", "hello");
  std::uint32_t stream = 1;
  for (auto const& bad :
       {std::string{}, std::string{"garbage"}, good.substr(0, good.size() - 1), good + "x"}) {
    peer.send(packed_request(unary_request(stream), "gzip")).send(data(stream).message(bad, 1).end());
    peer.expect(trailers_only(stream, code::internal));
    stream += 2;
  }
  CHECK(reached == 0);
  CHECK(d.observer.ended.back() ==
        "/test.Text/Unary: INTERNAL: compressed message could not be decompressed");
  peer.send(packed_request(bidi_request(stream), "gzip"))
      .send(data(stream).message(good, 1).message("bad", 1));
  peer.expect(response(stream))
      .expect(data(stream).message("hello"))
      .expect(trailers(stream, code::internal));
  peer.expect(rst_stream(stream, no_error));
}

TEST_CASE("the limit counts what comes out, and what comes in") {
  server_dialogue d{{.max_receive_size = 1000}};
  auto peer = d.client();
  peer.send(packed_request(unary_request(1), "gzip"));
  peer.send(data(1).message(packed("gzip", std::string(1000, 'x')), 1).end());
  peer.expect(response(1)).expect(data(1).message(std::string(1000, 'x'))).expect(trailers(1));
  peer.send(packed_request(unary_request(3), "gzip"));
  peer.send(data(3).message(packed("gzip", std::string(1001, 'x')), 1).end());
  peer.expect(trailers_only(3, code::resource_exhausted));
  peer.send(packed_request(unary_request(5), "gzip")).send(data(5).bytes({"\1\0\0\x03\xe9", 5}));
  peer.expect(trailers_only(5, code::resource_exhausted));
}

TEST_CASE("a server compresses with what the client accepts, and otherwise not") {
  server_dialogue d{{.compression = "gzip", .compression_min_size = 0}};
  std::string const large(200, 'x');
  auto peer = d.client();
  peer.send(accepting(unary_request(1), "identity, gzip")).send(data(1).message(large).end());
  peer.expect(response(1).field("grpc-encoding", "gzip"));
  peer.expect(data(1).message(packed("gzip", large), 1)).expect(trailers(1));
  std::uint32_t stream = 3;
  for (auto const* const list : {"identity", "deflate,zstd", "", "gzipped"}) {
    peer.send(accepting(unary_request(stream), list)).send(data(stream).message(large).end());
    peer.expect(response(stream).without("grpc-encoding"))
        .expect(data(stream).message(large))
        .expect(trailers(stream));
    stream += 2;
  }
  peer.send(unary_request(stream)).send(data(stream).message(large).end());
  peer.expect(response(stream).without("grpc-encoding"))
      .expect(data(stream).message(large))
      .expect(trailers(stream));
}

TEST_CASE("a response below the minimum size, or one that would grow, goes out as it is") {
  server_dialogue d{{.compression = "zstd", .compression_min_size = 10}};
  auto peer = d.client();
  for (auto const* const words : {"xxxxxxxxx", "0123456789abcdef"}) {
    INFO(words);
    std::uint32_t const stream = words[0] == 'x' ? 1 : 3;
    peer.send(accepting(unary_request(stream), "zstd")).send(data(stream).message(words).end());
    peer.expect(response(stream).field("grpc-encoding", "zstd"))
        .expect(data(stream).message(words))
        .expect(trailers(stream));
  }
}

TEST_CASE("a handler chooses the encoding, and which messages are compressed") {
  server_dialogue d;
  d.handlers.server_streaming = [](text) -> generator<text> {
    server_call& call = co_await this_call;
    call.compress_messages(compression_mode::always);
    CHECK(call.compression("deflate"));
    co_yield text{"a"};
    CHECK_THROWS_AS(call.compression("gzip"), status_error);
    call.compress_messages(compression_mode::never);
    co_yield text{std::string(2000, 'b')};
    CHECK(call.compress_messages(compression_mode::when_smaller) == compression_mode::never);
    co_yield text{"c"};
    co_yield text{std::string(2000, 'd')};
  };
  auto peer = d.client();
  peer.send(accepting(server_request(1), "gzip,deflate")).send(data(1).message("").end());
  peer.expect(response(1).field("grpc-encoding", "deflate"));
  std::string const expected = data(1)
                                   .message(packed("deflate", "a"), 1)
                                   .message(std::string(2000, 'b'))
                                   .message("c")
                                   .message(packed("deflate", std::string(2000, 'd')), 1)
                                   .payload;
  CHECK(peer.expect_data(1, expected.size()) == expected);
  peer.expect(trailers(1));
}

TEST_CASE("a handler is told what the client does not accept, and what the server does not know") {
  server_dialogue d{{.compression = "gzip", .compression_min_size = 0}};
  d.handlers.unary = [](text request) -> task<text> {
    server_call& call = co_await this_call;
    if (request.value == "unknown") {
      try {
        static_cast<void>(call.compression("lzma"));
      } catch (status_error const& error) { co_return text{std::string{error.status().message()}}; }
    }
    bool const accepted = call.compression(request.value == "off" ? "identity" : "zstd");
    co_return text{std::string(100, accepted ? 'y' : 'n')};
  };
  auto peer = d.client();
  peer.send(accepting(unary_request(1), "gzip")).send(data(1).message("zstd").end());
  peer.expect(response(1).without("grpc-encoding"))
      .expect(data(1).message(std::string(100, 'n')))
      .expect(trailers(1));
  peer.send(accepting(unary_request(3), "gzip")).send(data(3).message("off").end());
  peer.expect(response(3).without("grpc-encoding"))
      .expect(data(3).message(std::string(100, 'y')))
      .expect(trailers(3));
  peer.send(unary_request(5)).send(data(5).message("unknown").end());
  peer.expect(response(5))
      .expect(data(5).message("compression \"lzma\" is not among the server's compressors"));
}

TEST_CASE("the send limit counts a message as it is") {
  server_dialogue d{{.max_send_size = 1000, .compression = "gzip"}};
  d.handlers.unary = [](text request) -> task<text> {
    co_return text{std::string(std::stoul(request.value), 'x')};
  };
  auto peer = d.client();
  peer.send(accepting(unary_request(1), "gzip")).send(data(1).message("1001").end());
  peer.expect(response(1)).expect(trailers(1, code::resource_exhausted));
}

TEST_CASE("a user's own algorithm is used both ways") {
  server_dialogue d{{.compressors = compressors{}.add(make_backwards), .compression = "backwards"}};
  d.handlers.unary = [](text request) -> task<text> {
    server_call& call = co_await this_call;
    call.compress_messages(compression_mode::always);
    co_return request;
  };
  auto peer = d.client();
  peer.send(accepting(packed_request(unary_request(1), "backwards"), "backwards"));
  peer.send(data(1).message("olleh", 1).end());
  peer.expect(response(1).field("grpc-encoding", "backwards"))
      .expect(data(1).message("olleh", 1))
      .expect(trailers(1));
}

TEST_CASE("a server with an unknown compression cannot be made") {
  boost::asio::io_context io;
  CHECK_THROWS_AS((server{io.get_executor(), {.compression = "lzma"}}), status_error);
}
