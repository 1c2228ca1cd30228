// SPDX-License-Identifier: Apache-2.0
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("a unary call is answered with headers, one message and trailers") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("hello").end());
  peer.expect(response(1)).expect(data(1).message("hello")).expect(trailers(1).without("grpc-message"));
  peer.expect_silence();
  CHECK(d.observer.started == std::vector<std::string>{"/test.Text/Unary"});
  CHECK(d.observer.ended == std::vector<std::string>{"/test.Text/Unary: OK"});
  CHECK(d.served.active_calls() == 0);
}

TEST_CASE("an empty message is a message, both ways") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("").end());
  peer.expect(response(1)).expect(data(1).message("")).expect(trailers(1));
}

TEST_CASE("a large response leaves whole, though its call is over before it is written") {
  server_dialogue d;
  std::string large;
  for (int i = 0; large.size() < 60'000; ++i) large += std::to_string(i);
  d.handlers.unary = [&](text) -> task<text> { co_return text{large}; };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end()).expect(response(1));
  CHECK(peer.expect_data(1, 5 + large.size()) == data(1).message(large).payload);
  peer.expect(trailers(1));
}

TEST_CASE("the end of a request may come in a frame of its own, as DATA or as trailers") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("a")).expect_silence().send(data(1).end());
  peer.expect(response(1)).expect(data(1).message("a")).expect(trailers(1));
  peer.send(unary_request(3)).send(data(3).message("b")).send(headers(3).field("ignored", "yes").end());
  peer.expect(response(3)).expect(data(3).message("b")).expect(trailers(3));
}

TEST_CASE("a request may arrive byte by byte") {
  server_dialogue d;
  auto peer = d.connect();
  peer.split(1).begin_as_client();
  peer.send(unary_request(1)).send(data(1).message("one at a time").end());
  peer.expect(response(1)).expect(data(1).message("one at a time")).expect(trailers(1));
}

TEST_CASE("a message may be cut into DATA frames at every byte") {
  std::string const whole = data(1).message("hello").payload;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    server_dialogue d;
    auto peer = d.client();
    peer.send(unary_request(1)).send(data(1).bytes(whole.substr(0, cut))).settle();
    peer.send(data(1).bytes(whole.substr(cut)).end());
    peer.expect(response(1)).expect(data(1).message("hello")).expect(trailers(1));
  }
}

TEST_CASE("padding is no part of a message, and its window is given back") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1));
  auto padded = data(1).bytes(std::string(1, '\x03')).message("x").bytes(std::string(3, '\0'));
  peer.send(padded.flag(http2_frame::pad).end());
  peer.expect(response(1)).expect(data(1).message("x")).expect(trailers(1));
}

TEST_CASE("a request without a message is UNIMPLEMENTED") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1).end()).expect(trailers_only(1, code::unimplemented));
  peer.send(server_request(3)).send(data(3).end()).expect(trailers_only(3, code::unimplemented));
  CHECK(d.observer.ended.size() == 2);
}

TEST_CASE("a request with two messages is UNIMPLEMENTED, as soon as the second begins") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("one").message("two").end());
  peer.expect(trailers_only(1, code::unimplemented));
  // The end need not come: whoever sends one message after the other must not fill the server's memory.
  peer.send(unary_request(3)).send(data(3).message("one").bytes({"\0", 1}));
  peer.expect(trailers_only(3, code::unimplemented)).expect(rst_stream(3, no_error));
  peer.send(unary_request(5)).send(data(5).message("one")).expect_silence().send(data(5).message("two"));
  peer.expect(trailers_only(5, code::unimplemented)).expect(rst_stream(5, no_error));
}

TEST_CASE("a request that ends inside a message is INTERNAL") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).bytes(data(1).message("hello").payload.substr(0, 7)).end());
  peer.expect(trailers_only(1, code::internal));
}

TEST_CASE("a message that does not parse is INTERNAL, and the connection lives") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1))
      .send(data(1).message("malformed").end())
      .expect(trailers_only(1, code::internal));
  peer.send(server_request(3))
      .send(data(3).message("malformed").end())
      .expect(trailers_only(3, code::internal));
  peer.send(client_request(5))
      .send(data(5).message("malformed").end())
      .expect(trailers_only(5, code::internal));
  peer.send(bidi_request(7))
      .send(data(7).message("malformed").end())
      .expect(trailers_only(7, code::internal));
  peer.send(unary_request(9)).send(data(9).message("well").end());
  peer.expect(response(9)).expect(data(9).message("well")).expect(trailers(9));
}

TEST_CASE("a message over the limit is RESOURCE_EXHAUSTED, known from its prefix") {
  server_dialogue d{{.max_receive_size = 10}};
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("0123456789").end());
  peer.expect(response(1)).expect(data(1).message("0123456789")).expect(trailers(1));
  peer.send(unary_request(3)).send(data(3).bytes({"\0\0\0\0\x0b", 5}));
  peer.expect(trailers_only(3, code::resource_exhausted)).expect(rst_stream(3, no_error));
  peer.send(client_request(5)).send(data(5).bytes({"\0\xff\xff\xff\xff", 5}));
  peer.expect(trailers_only(5, code::resource_exhausted)).expect(rst_stream(5, no_error));
}

TEST_CASE("a response over the limit is RESOURCE_EXHAUSTED") {
  server_dialogue d{{.max_send_size = 3}};
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("long").end());
  peer.expect(response(1)).expect(trailers(1, code::resource_exhausted));
}

TEST_CASE("a compressed message without an encoding is INTERNAL") {
  server_dialogue d;
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("zip", 1).end()).expect(trailers_only(1, code::internal));
  peer.send(bidi_request(3)).send(data(3).message("zip", 1)).expect(trailers_only(3, code::internal));
  peer.expect(rst_stream(3, no_error));
  peer.send(unary_request(5)).send(data(5).message("flag", 2).end()).expect(trailers_only(5, code::internal));
}

TEST_CASE("a handler fails a call by a status, in the trailers alone") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> {
    co_return status{code::not_found, "no such thing \xE2\x98\xBA"};
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end());
  peer.expect(trailers_only(1, code::not_found).grpc_message("no such thing %E2%98%BA"));
}

TEST_CASE("details travel with a status, as unpadded base64") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> {
    co_return status{code::aborted, "again"}.with_details("\x01\x02\x03\x04");
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end());
  peer.expect(trailers_only(1, code::aborted).field("grpc-status-details-bin", "AQIDBA"));
}

TEST_CASE("an exception in a handler is UNKNOWN; its text is logged and not sent") {
  server_dialogue d;
  d.handlers.unary = [](text) -> task<text> {
    throw std::runtime_error{"secret"};
    co_return text{};
  };
  auto peer = d.client();
  peer.send(unary_request(1)).send(data(1).message("x").end());
  peer.expect(trailers_only(1, code::unknown).grpc_message("exception in the handler"));
  REQUIRE(d.log.size() == 1);
  CHECK(d.log.front() == "/test.Text/Unary: exception in the handler: secret");
}

TEST_CASE("a handler that throws before it is a coroutine, or returns nothing, fails its call") {
  server_dialogue d;
  d.handlers.unary = [](text request) -> task<text> {
    if (request.value == "throw") throw status_error{code::out_of_range, "far"};
    return {};
  };
  auto peer = d.client();
  peer.send(unary_request(1))
      .send(data(1).message("throw").end())
      .expect(trailers_only(1, code::out_of_range));
  peer.send(unary_request(3)).send(data(3).message("empty").end()).expect(trailers_only(3, code::internal));
}

TEST_CASE("a unary response leaves in one write, and so do all that became ready in one turn") {
  server_dialogue d;
  event go;
  d.handlers.unary = [&](text request) -> task<text> {
    if (request.value == "wait") co_await go.wait();
    co_return request;
  };
  auto peer = d.client();
  auto before = d.record->writes;
  peer.send(unary_request(1)).send(data(1).message("now").end()).settle();
  CHECK(d.record->writes == before + 1);
  peer.expect(response(1)).expect(data(1).message("now")).expect(trailers(1));

  before = d.record->writes;
  for (std::uint32_t id = 3; id != 43; id += 2)
    peer.send(unary_request(id)).send(data(id).message("read together").end());
  peer.settle();
  CHECK(d.record->writes == before + 1);

  for (std::uint32_t id = 43; id != 83; id += 2)
    peer.send(unary_request(id)).send(data(id).message("wait").end());
  peer.settle();
  before = d.record->writes;
  go.set();
  peer.settle();
  CHECK(d.record->writes == before + 1);
  CHECK(d.served.active_calls() == 0);
}
