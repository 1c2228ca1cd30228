// SPDX-License-Identifier: Apache-2.0
// Messages that are too large or malformed, methods that are not there, and misuse: each a clear status, and the
// connection lives.
#include "world.hpp"

#include <algorithm>

namespace endtoend {

/// Bytes that go as they are, whatever the method's message type is.
struct raw {
  // No aggregate: g++ 12 copies a temporary one bit by bit in a co_await expression.
  raw() = default;
  explicit raw(std::string from) : bytes{std::move(from)} {}
  std::string bytes;
};

}  // namespace endtoend

template <>
struct sluice::codec<endtoend::raw> {
  static std::size_t size(endtoend::raw const& message) { return message.bytes.size(); }
  static void write(endtoend::raw const& message, std::span<std::byte> to) {
    std::ranges::copy(std::as_bytes(std::span{message.bytes}), to.begin());
  }
  static bool parse(endtoend::raw& message, bytes_view from) {
    message.bytes.assign(reinterpret_cast<char const*>(from.data()), from.size());
    return true;
  }
};

using namespace endtoend;
using sluice::method_kind;

namespace {

constexpr std::string_view not_a_note = "\xff\xff\xff\xff";

/// Answers with bytes that are no Note.
struct garbler final : sluice::service {
  task<raw> Say(raw) { co_return raw{std::string{not_a_note}}; }
  generator<raw> Listen(raw) {
    co_yield raw{};
    co_yield raw{std::string{not_a_note}};
  }
  std::string_view sluice_service_name() const noexcept override { return "endtoend.Talk"; }
  std::span<sluice::method_handler const> sluice_methods() const noexcept override { return methods; }
  static constexpr std::array methods{
      sluice::serve_unary<&garbler::Say>({"/endtoend.Talk/Say", method_kind::unary}),
      sluice::serve_server_streaming<&garbler::Listen>(
          {"/endtoend.Talk/Listen", method_kind::server_streaming})};
};

task<void> still_alive(world& w, channel& on) {
  CHECK((co_await TalkStub{on}.Say(note("alive"))).text() == "alive");
  CHECK(w.server.connections() == 1);
}

}  // namespace

TEST_CASE("a message above a limit fails its call with RESOURCE_EXHAUSTED, and the connection lives") {
  world w{{.max_receive_size = 10'000, .max_send_size = 50'000}};
  w.service.say = [](Note said) -> task<Note> {
    if (said.number() != 0) co_return note(std::string(static_cast<std::size_t>(said.number()), 'r'));
    co_return said;
  };
  auto const on = w.connect({.max_receive_size = 20'000, .max_send_size = 100'000});
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto const request = co_await as_result(talk.Say(note(std::string(15'000, 'q'))));
    CHECK(request.status().code() == code::resource_exhausted);
    CHECK(request.status().who() == sluice::origin::peer);
    auto const unsent = co_await as_result(talk.Say(note(std::string(150'000, 'q'))));
    CHECK(unsent.status().code() == code::resource_exhausted);
    CHECK(unsent.status().who() == sluice::origin::local);
    auto const response = co_await as_result(talk.Say(note("x", 30'000)));
    CHECK(response.status().code() == code::resource_exhausted);
    CHECK(response.status().who() == sluice::origin::local);
    auto const refused = co_await as_result(talk.Say(note("x", 60'000)));
    CHECK(refused.status().code() == code::resource_exhausted);
    CHECK(refused.status().who() == sluice::origin::peer);
    CHECK((co_await talk.Say(note("x", 30'000), call_options{}.max_receive_size(40'000))).text().size() ==
          30'000);
    auto const strict = co_await as_result(talk.Say(note("xx"), call_options{}.max_send_size(3)));
    CHECK(strict.status().code() == code::resource_exhausted);
    co_await still_alive(w, *on);
  });
}

TEST_CASE("so does a message of a stream, in either direction") {
  world w{{.max_receive_size = 10'000}};
  w.service.listen = [](Note) -> generator<Note> {
    co_yield note("small");
    co_yield note(std::string(30'000, 'l'));
  };
  auto const on = w.connect({.max_receive_size = 20'000});
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    auto heard = talk.Listen(note("x"));
    CHECK((co_await heard.next())->text() == "small");
    CHECK((co_await as_result(heard.next())).status().code() == code::resource_exhausted);
    auto told = talk.Tell();
    co_await told.write(note("small"));
    static_cast<void>(co_await as_result(told.write(note(std::string(15'000, 'q')))));
    CHECK((co_await as_result(told.finish())).status().code() == code::resource_exhausted);
    auto chat = talk.Chat();
    co_await chat.write(note("small"));
    CHECK((co_await chat.next())->text() == "small");
    static_cast<void>(co_await as_result(chat.write(note(std::string(15'000, 'q')))));
    CHECK((co_await as_result(chat.next())).status().code() == code::resource_exhausted);
    co_await still_alive(w, *on);
  });
}

TEST_CASE("a request that does not parse gets INTERNAL, and the connection lives") {
  world w;
  auto const on = w.connect();
  w.run([&]() -> task<void> {
    raw const bad{std::string{not_a_note}};
    sluice::unary_call<raw> say{*on, {"/endtoend.Talk/Say", method_kind::unary}, bad, {}};
    CHECK((co_await as_result(say)).status().code() == code::internal);
    sluice::server_streaming_call<raw> listen{
        *on, {"/endtoend.Talk/Listen", method_kind::server_streaming}, bad, {}};
    CHECK((co_await as_result(listen.next())).status().code() == code::internal);
    sluice::client_streaming_call<raw, raw> tell{
        *on, {"/endtoend.Talk/Tell", method_kind::client_streaming}, {}};
    co_await tell.write(raw{});
    co_await tell.write(bad);
    CHECK((co_await as_result(tell.finish())).status().code() == code::internal);
    sluice::bidi_streaming_call<raw, raw> chat{*on, {"/endtoend.Talk/Chat", method_kind::bidi_streaming}, {}};
    co_await chat.write(bad);
    CHECK((co_await as_result(chat.next())).status().code() == code::internal);
    co_await still_alive(w, *on);
  });
}

TEST_CASE("a response that does not parse fails its call with INTERNAL, and the connection lives") {
  bounded_io io;
  garbler service;
  sluice::server server{io.executor()};
  server.add(service);
  channel on{io.executor(), server.listen("127.0.0.1:0")};
  io.run([&]() -> task<void> {
    TalkStub talk{on};
    auto const answer = co_await as_result(talk.Say(note("x")));
    CHECK(answer.status().code() == code::internal);
    CHECK(answer.status().who() == sluice::origin::local);
    auto heard = talk.Listen(note("x"));
    CHECK(co_await heard.next() != nullptr);
    CHECK((co_await as_result(heard.next())).status().code() == code::internal);
    CHECK(co_await heard.next() == nullptr);
  });
  CHECK(server.connections() == 1);
}

TEST_CASE("a method or service that is not there gets UNIMPLEMENTED, named") {
  struct bare final : TalkService {};
  world w;
  auto const on = w.connect();
  bare empty;
  sluice::server other{w.executor()};
  other.add(empty);
  channel on_bare{w.executor(), sluice::testing::connect_to(w.executor(), other)};
  w.run([&]() -> task<void> {
    auto const nobody = co_await as_result(NobodyStub{*on}.Say(note("x")));
    CHECK(nobody.status().code() == code::unimplemented);
    CHECK(nobody.status().message().find("endtoend.Nobody") != std::string_view::npos);
    sluice::unary_call<Note> unknown{*on, {"/endtoend.Talk/Sing", method_kind::unary}, note("x"), {}};
    auto const no_method = co_await as_result(unknown);
    CHECK(no_method.status().code() == code::unimplemented);
    CHECK(no_method.status().message().find("Sing") != std::string_view::npos);

    TalkStub talk{on_bare};
    CHECK((co_await as_result(talk.Say(note("x")))).status().code() == code::unimplemented);
    auto heard = talk.Listen(note("x"));
    CHECK((co_await as_result(heard.next())).status().code() == code::unimplemented);
    auto told = talk.Tell();
    CHECK((co_await as_result(told.finish())).status().code() == code::unimplemented);
    auto chat = talk.Chat();
    CHECK((co_await as_result(chat.next())).status().code() == code::unimplemented);
    co_await still_alive(w, *on);
  });
}

TEST_CASE("the same service twice is refused") {
  world w;
  talk second;
  try {
    w.server.add(second);
    FAIL("added");
  } catch (sluice::status_error const& error) { CHECK(error.code() == code::already_exists); }
}
