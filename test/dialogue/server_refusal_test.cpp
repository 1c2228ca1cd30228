// SPDX-License-Identifier: Apache-2.0
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("an unknown service or method is UNIMPLEMENTED, and named") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(request(1, "/test.Other/Unary")).send(data(1).message("x").end());
  peer.expect(trailers_only(1, code::unimplemented).grpc_message("unknown service test.Other"));
  peer.send(request(3, "/test.Text/Other").end());
  peer.expect(
      trailers_only(3, code::unimplemented).grpc_message("unknown method Other of service test.Text"));
  for (std::uint32_t id = 5;
       auto const* path : {"/", "/test.Text", "/test.Text/", "//", "/test.text/unary"}) {
    CAPTURE(path);
    peer.send(request(id, path).end()).expect(trailers_only(id, code::unimplemented));
    id += 2;
  }
}

TEST_CASE("another content-type is answered in plain HTTP with 415") {
  server_dialogue d;
  auto peer = d.client();
  std::uint32_t id = 1;
  for (auto const* type : {"application/json", "application/grpcx", "text/plain", "application/grpc+xyz"}) {
    CAPTURE(type);
    peer.send(unary_request(id).without("content-type").field("content-type", type).end());
    peer.expect(headers(id).status(415).without("grpc-status"));
    auto const body = peer.expect_any(frame_type::data, id);
    CHECK(body.payload == "content-type is not application/grpc\n");
    CHECK((body.flags & http2_frame::end_stream) != 0);
    id += 2;
  }
  peer.send(unary_request(id).without("content-type").end()).expect(headers(id).status(415));
  CHECK(d.observer.started.empty());
}

TEST_CASE("both content-types of gRPC are taken") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).without("content-type").field("content-type", "application/grpc+proto"));
  peer.send(data(1).message("x").end()).expect(response(1)).expect(data(1).message("x")).expect(trailers(1));
}

TEST_CASE("a GET is answered with 405") {
  server_dialogue d;
  auto peer = d.client();
  auto get =
      headers(1).method("GET").field(":scheme", "http").path("/test.Text/Unary").field(":authority", "x");
  peer.send(get.end());
  peer.expect(headers(1).status(405).field("allow", "POST"))
      .expect(data(1).bytes("gRPC calls are POST requests\n").end());
}

TEST_CASE("a request that is not gRPC is answered when it has ended, and its body is dropped") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).without("content-type").field("content-type", "text/plain")).expect_silence();
  peer.send(data(1).bytes(std::string(10'000, 'x'))).expect_silence();
  peer.send(data(1).end()).expect(headers(1).status(415)).expect_any(frame_type::data, 1);
  peer.expect_silence();
}

TEST_CASE("a request that is not gRPC and does not end is answered after a second") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).without("content-type").field("content-type", "text/plain")).expect_silence();
  d.clock.advance(std::chrono::seconds{1});
  peer.expect(headers(1).status(415)).expect_any(frame_type::data, 1);
  peer.expect(rst_stream(1, 0)).expect_silence();
}

TEST_CASE("an unknown encoding is UNIMPLEMENTED, and the server says what it takes") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).field("grpc-encoding", "zip")).send(data(1).message("x", 1).end());
  peer.expect(
      trailers_only(1, code::unimplemented).field("grpc-accept-encoding", "identity,gzip,deflate,zstd"));
  peer.send(unary_request(3).field("grpc-encoding", "identity")).send(data(3).message("x").end());
  peer.expect(response(3)).expect(data(3).message("x")).expect(trailers(3));
  CHECK(d.observer.started.size() == d.observer.ended.size());
}

TEST_CASE("a malformed grpc-timeout or binary metadata is INTERNAL") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).field("grpc-timeout", "soon").end()).expect(trailers_only(1, code::internal));
  peer.send(unary_request(3).field("grpc-timeout", "123456789n").end())
      .expect(trailers_only(3, code::internal));
  peer.send(unary_request(5).field("x-bin", "no base64!").end()).expect(trailers_only(5, code::internal));
}

TEST_CASE("a header list over the limit is RESOURCE_EXHAUSTED, and the connection lives") {
  server_dialogue d{{.max_header_list_size = 1000}};
  auto peer = d.client();
  peer.send(unary_request(1).field("x-long", std::string(2000, 'h'))).send(data(1).message("x").end());
  peer.expect(trailers_only(1, code::resource_exhausted));
  // What came behind the limit is in the HPACK table all the same.
  peer.send(unary_request(3).field("x-long", "short")).send(data(3).message("x").end());
  peer.expect(response(3)).expect(data(3).message("x")).expect(trailers(3));
  CHECK(d.observer.started.size() == d.observer.ended.size());
}

TEST_CASE("a header list of four times the limit closes the connection") {
  server_dialogue d{{.max_header_list_size = 1000}};
  auto peer = d.client();
  peer.send(unary_request(1).field("x-long", std::string(5000, 'h')));
  peer.expect_any(frame_type::goaway, 0);
  peer.expect_end();
  CHECK(d.served.connections() == 0);
}

TEST_CASE("initial and trailing metadata travel, binary as base64, duplicates in order") {
  server_dialogue d;
  metadata got;
  d.handlers.unary = [&](text request) -> task<text> {
    server_call& call = co_await this_call;
    got = call.metadata();
    call.add_initial_metadata("x-initial", "1");
    call.add_initial_metadata("x-initial", "2");
    call.add_trailing_metadata("x-trailing-bin", std::string_view{"\xab\xab\xab", 3});
    call.add_trailing_metadata("x-trailing-bin", std::string_view{"\0", 1});
    co_return request;
  };
  auto peer = d.client();
  peer.send(unary_request(1)
                .field("x-key", "b")
                .field("x-key", "a")
                .field("x-bin", "q6ur")
                .field("x-bin", "AA==,AQ"));
  peer.send(data(1).message("x").end());
  peer.expect(response(1).field("x-initial", "1").field("x-initial", "2")).expect(data(1).message("x"));
  peer.expect(trailers(1).field("x-trailing-bin", "q6ur").field("x-trailing-bin", "AA"));
  CHECK(got.get_all("x-key") == std::vector<std::string_view>{"b", "a"});
  CHECK(got.get_all("x-bin") == std::vector<std::string_view>{"\xab\xab\xab", {"\0", 1}, "\x01"});
  CHECK_FALSE(got.contains("te"));
  CHECK_FALSE(got.contains(":path"));
}

TEST_CASE("initial metadata alone goes before an error, and can be sent before any message") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> {
    server_call& call = co_await this_call;
    call.add_initial_metadata("x", "y");
    co_return status{code::aborted, ""};
  };
  d.handlers.bidi = [](generator<text> items) -> generator<text> {
    server_call& call = co_await this_call;
    call.add_initial_metadata("early", "yes");
    call.send_initial_metadata();
    co_await items.next();
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("").end());
  peer.expect(response(1).field("x", "y").without("grpc-status")).expect(trailers(1, code::aborted));
  peer.send(bidi_request(3)).expect(response(3).field("early", "yes")).expect_silence();
  peer.send(data(3).end()).expect(trailers(3));
}

TEST_CASE("metadata that cannot travel is refused where it is added") {
  server_dialogue d;
  d.handlers.unary = [](text request) -> task<text> {
    server_call& call = co_await this_call;
    if (request.value == "initial") call.add_initial_metadata("grpc-status", "0");
    if (request.value == "trailing") call.add_trailing_metadata("x", "line\nbreak");
    call.send_initial_metadata();
    call.add_initial_metadata("late", "1");
    co_return text{};
  };
  auto peer = d.client();
  peer.send(unary_request(1))
      .send(data(1).message("initial").end())
      .expect(trailers_only(1, code::invalid_argument));
  peer.send(unary_request(3))
      .send(data(3).message("trailing").end())
      .expect(trailers_only(3, code::invalid_argument));
  peer.send(unary_request(5)).send(data(5).message("late").end());
  peer.expect(response(5)).expect(trailers(5, code::failed_precondition));
}
