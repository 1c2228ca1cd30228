// SPDX-License-Identifier: Apache-2.0
// Call credentials: metadata from a coroutine, for each call.
#include "tls_world.hpp"

#include <sluice/client/jwt.hpp>

#include <algorithm>

using namespace endtoend;
using sluice::access_token;
using sluice::call_credentials;
using sluice::call_info;
using sluice::deadline;
using sluice::metadata;

namespace {

/// Credentials that a test writes in place.
struct made_here final : call_credentials {
  std::function<task<metadata>(call_info)> does;
  task<metadata> get(call_info call) override { return does(std::move(call)); }
};
[[nodiscard]] std::shared_ptr<call_credentials> with(std::function<task<metadata>(call_info)> does) {
  auto made = std::make_shared<made_here>();
  made->does = std::move(does);
  return made;
}
[[nodiscard]] sluice::channel_options over_plaintext(std::shared_ptr<call_credentials> credentials = {}) {
  return {.credentials = std::move(credentials), .allow_plaintext_credentials = true};
}

/// A server that answers with the authorization that it saw.
struct showing : world {
  showing() {
    service.say = [](Note) -> task<Note> {
      sluice::server_call& call = co_await sluice::this_call;
      std::string all;
      for (auto const value : call.metadata().get_all("authorization")) all.append(value).append(";");
      co_return note(all);
    };
  }
};

/// A source of tokens "1", "2", ... that a test lets go on.
struct counted_source {
  int fetches = 0;
  sluice::duration lasts = 1h;
  status fails;
  sluice::event gate;

  [[nodiscard]] sluice::token_source source() {
    return [this]() -> task<access_token> {
      std::string const value = std::to_string(++fetches);
      co_await gate.wait();
      if (!fails.ok()) throw sluice::status_error{fails};
      auto& clock = (co_await sluice::coro::get_context{}).scheduler();
      co_return access_token{value, deadline::after(clock.now(), lasts)};
    };
  }
};

}  // namespace

TEST_CASE("credentials of the channel and of the call are added to its metadata") {
  showing w;
  std::vector<std::string> asked;
  auto const on = w.connect(over_plaintext(with([&](call_info call) -> task<metadata> {
    asked.push_back(call.audience() + " " + call.method());
    metadata made;
    made.add("authorization", "of-channel");
    co_return made;
  })));
  w.run([&]() -> task<void> {
    auto const both = call_options{}.credentials(sluice::bearer_token("of-call"));
    CHECK((co_await TalkStub{*on}.Say(note("x"), both)).text() == "of-channel;Bearer of-call;");
  });
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().starts_with("https://127.0.0.1:"));
  CHECK(asked.front().ends_with("/endtoend.Talk /endtoend.Talk/Say"));
}

TEST_CASE("every kind of call has credentials") {
  showing w;
  auto const on = w.connect(over_plaintext(sluice::bearer_token("t")));
  w.run([&]() -> task<void> {
    TalkStub talk{*on};
    CHECK((co_await talk.Say(note("x"))).text() == "Bearer t;");
    auto heard = talk.Listen(note("x", 2));
    while (auto* const each = co_await heard.next()) CHECK(each->text() == "x");
    auto chat = talk.Chat();
    co_await chat.write(note("x"));
    CHECK((co_await chat.next())->text() == "x");
  });
}

TEST_CASE("credentials are not sent without TLS, unless that is allowed") {
  showing w;
  bool asked = false;
  auto const mine = with([&](call_info) -> task<metadata> {
    asked = true;
    co_return metadata{};
  });
  auto const careful = w.connect({.credentials = mine});
  auto const plain = w.connect();
  w.run([&]() -> task<void> {
    auto const first = co_await as_result(TalkStub{*careful}.Say(note("x")));
    CHECK(first.status().code() == code::unauthenticated);
    CHECK(first.status().message().find("allow_plaintext_credentials") != std::string_view::npos);
    auto const second = co_await as_result(TalkStub{*plain}.Say(note("x"), call_options{}.credentials(mine)));
    CHECK(second.status().code() == code::unauthenticated);
  });
  CHECK_FALSE(asked);
  CHECK(w.server.connections() == 0);
}

TEST_CASE("what credentials fail with is the call's, as codes that are no server's answer") {
  showing w;
  struct row {
    code thrown;
    code seen;
  };
  for (auto const& [thrown, seen] :
       {row{code::unauthenticated, code::unauthenticated}, row{code::unavailable, code::unavailable},
        row{code::not_found, code::unavailable}, row{code::internal, code::unavailable}}) {
    auto const on = w.connect(over_plaintext(
        with([why = thrown](call_info) -> task<metadata> { co_return status{why, "the vault is closed"}; })));
    w.run([&]() -> task<void> {
      auto const how = (co_await as_result(TalkStub{*on}.Say(note("x")))).status();
      CHECK(how.code() == seen);
      CHECK(how.message() == "credentials: the vault is closed");
    });
  }
  auto const on = w.connect(
      over_plaintext(with([](call_info) -> task<metadata> { throw std::runtime_error{"no such file"}; })));
  w.run([&]() -> task<void> {
    auto const how = (co_await as_result(TalkStub{*on}.Say(note("x")))).status();
    CHECK(how.code() == code::unavailable);
    CHECK(how.message() == "credentials: no such file");
  });
}

TEST_CASE("metadata of credentials that cannot travel fail the call, by name") {
  showing w;
  for (auto const& [key, value] :
       {std::pair{"grpc-timeout", "1S"}, {":path", "/x"}, {"authorization", "line\nbreak"}}) {
    auto const on = w.connect(over_plaintext(with([key = key, value = value](call_info) -> task<metadata> {
      metadata made;
      made.add(key, value);
      co_return made;
    })));
    w.run([&]() -> task<void> {
      auto const how = (co_await as_result(TalkStub{*on}.Say(note("x")))).status();
      CHECK(how.code() == code::unavailable);
      CHECK(how.message().find(key) != std::string_view::npos);
    });
  }
}

TEST_CASE("a call's deadline ends the wait for its credentials") {
  showing w;
  sluice::event never;
  auto const on = w.connect(over_plaintext(with([&](call_info) -> task<metadata> {
    co_await never.wait();
    co_return metadata{};
  })));
  w.run([&]() -> task<void> {
    auto const how = co_await as_result(TalkStub{*on}.Say(note("x"), call_options{}.timeout(20ms)));
    CHECK(how.status().code() == code::deadline_exceeded);
  });
}

TEST_CASE("calls that find no token wait for one fetch, and later ones use it") {
  showing w;
  counted_source tokens;
  auto const on = w.connect(over_plaintext(sluice::cached(tokens.source())));
  std::vector<std::string> seen;
  auto const say = [&]() -> task<void> { seen.push_back((co_await TalkStub{*on}.Say(note("x"))).text()); };
  std::vector<std::shared_ptr<bounded_io::background>> calls;
  for (int i = 0; i != 3; ++i) calls.push_back(w.start(say));
  w.poll();
  CHECK(tokens.fetches == 1);
  tokens.gate.set();
  for (auto const& each : calls) w.join(*each);
  w.run(say);
  CHECK(seen == std::vector<std::string>(4, "Bearer 1;"));
  CHECK(tokens.fetches == 1);
}

TEST_CASE("a failed fetch fails those who waited, and is not kept") {
  showing w;
  counted_source tokens;
  tokens.fails = status{code::unauthenticated, "wrong key"};
  auto const on = w.connect(over_plaintext(sluice::cached(tokens.source())));
  std::vector<code> ends;
  auto const say = [&]() -> task<void> {
    ends.push_back((co_await as_result(TalkStub{*on}.Say(note("x")))).status().code());
  };
  auto const first = w.start(say);
  auto const second = w.start(say);
  w.poll();
  tokens.gate.set();
  w.join(*first);
  w.join(*second);
  CHECK(ends == std::vector<code>(2, code::unauthenticated));
  CHECK(tokens.fetches == 1);
  tokens.fails = status{};
  w.run(say);
  CHECK(ends.back() == code::ok);
  CHECK(tokens.fetches == 2);
}

TEST_CASE("when the call that fetches is stopped, another one fetches") {
  showing w;
  counted_source tokens;
  auto const on = w.connect(over_plaintext(sluice::cached(tokens.source())));
  auto first = TalkStub{*on}.Say(note("x"));
  auto const one =
      w.start([&]() -> task<void> { CHECK((co_await as_result(first)).status().code() == code::cancelled); });
  w.poll();
  auto const two =
      w.start([&]() -> task<void> { CHECK((co_await TalkStub{*on}.Say(note("x"))).text() == "Bearer 2;"); });
  w.poll();
  CHECK(tokens.fetches == 1);
  first.cancel();
  w.join(*one);
  w.poll();
  CHECK(tokens.fetches == 2);
  tokens.gate.set();
  w.join(*two);
}

TEST_CASE("a token is fetched again ahead of its end, and used meanwhile") {
  showing w;
  sluice::testing::manual_clock clock{w.executor()};
  counted_source tokens;
  tokens.gate.set();
  auto const on = w.connect(over_plaintext(sluice::cached(tokens.source(), 5min)));
  std::string seen;
  auto const say = [&]() -> task<void> { seen = (co_await TalkStub{*on}.Say(note("x"))).text(); };
  w.run(say);
  CHECK(seen == "Bearer 1;");
  clock.advance(54min);
  w.run(say);
  CHECK(seen == "Bearer 1;");

  clock.advance(2min);  // four are left
  tokens.gate.reset();
  auto const fetching = w.start(say);
  w.poll();
  CHECK(tokens.fetches == 2);
  w.run(say);
  CHECK(seen == "Bearer 1;");
  tokens.fails = status{code::unavailable, "away"};
  tokens.gate.set();
  w.join(*fetching);
  CHECK(seen == "Bearer 1;");  // it holds to its end
  tokens.fails = status{};
  w.run(say);
  CHECK(seen == "Bearer 3;");

  clock.advance(2h);
  w.run(say);
  CHECK(seen == "Bearer 4;");
}

TEST_CASE("a token that ends while its successor cannot be fetched is not sent") {
  showing w;
  sluice::testing::manual_clock clock{w.executor()};
  counted_source tokens;
  tokens.gate.set();
  auto const on = w.connect(over_plaintext(sluice::cached(tokens.source(), 5min)));
  w.run([&]() -> task<void> { co_await TalkStub{*on}.Say(note("x")); });
  clock.advance(58min);
  tokens.gate.reset();
  status how;
  auto const late =
      w.start([&]() -> task<void> { how = (co_await as_result(TalkStub{*on}.Say(note("x")))).status(); });
  w.poll();
  clock.advance(3min);
  tokens.fails = status{code::unavailable, "away"};
  tokens.gate.set();
  w.join(*late);
  CHECK(how.code() == code::unavailable);
}

TEST_CASE("over TLS credentials are sent") {
  tls_world w;
  w.service.say = [](Note) -> task<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    co_return note(std::string{call.metadata().get("authorization").value_or("")});
  };
  auto const on = w.secure_channel(w.listen(w.serving()), w.trusting());
  w.run([&]() -> task<void> {
    auto const mine = call_options{}.credentials(sluice::bearer_token("secret"));
    CHECK((co_await TalkStub{*on}.Say(note("x"), mine)).text() == "Bearer secret");
  });
}

TEST_CASE("through a connector each connection tells whether credentials may travel") {
  tls_world w;
  std::string seen = "nothing";
  w.service.say = [&](Note said) -> task<Note> {
    sluice::server_call& call = co_await sluice::this_call;
    seen = call.metadata().get("authorization").value_or("");
    co_return said;
  };
  sluice::tls_client const client{w.trusting()};
  sluice::tls_server const server{w.serving()};
  channel secure{w.executor(), [&] {
                   auto [ours, theirs] = sluice::testing::make_pipe(w.executor());
                   w.server.serve(server.wrap(w.executor(), std::move(theirs)));
                   return client.wrap(w.executor(), std::move(ours), "localhost");
                 }};
  auto const plain = w.connect_in_process();
  auto const outcome_on = [&](channel& on) {
    return w.run([&]() -> task<status> {
      auto const mine = call_options{}.credentials(sluice::bearer_token("secret"));
      auto const answer = co_await as_result(TalkStub{on}.Say(note("x"), mine));
      co_return answer.status();
    });
  };
  CHECK(outcome_on(*plain).code() == code::unauthenticated);
  CHECK(seen == "nothing");
  CHECK(outcome_on(secure).ok());
  CHECK(seen == "Bearer secret");
}

namespace {

// RFC 7515, 2.
std::string from_base64url(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (char const c : text) {
    auto const digit = alphabet.find(c);
    REQUIRE(digit != std::string_view::npos);
    bits = (bits << 6U) | static_cast<unsigned>(digit);
    if ((count += 6) < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU));
  }
  return bytes;
}

}  // namespace

TEST_CASE("a self-made token names its issuer, its audience and its key, and is used again") {
  showing w;
  sluice::jwt_options options{.private_key_pem = sluice::test::self_signed().key, .issuer = "me@example"};
  options.key_id = "key-1";
  auto const on = w.connect(over_plaintext(sluice::jwt_token(options)));
  std::string first;
  std::string second;
  w.run([&]() -> task<void> {
    first = (co_await TalkStub{*on}.Say(note("x"))).text();
    second = (co_await TalkStub{*on}.Say(note("x"))).text();
  });
  CHECK(first == second);  // ES256 signs with a random number: made twice, it would differ
  REQUIRE(first.starts_with("Bearer "));
  std::string const token = first.substr(7, first.size() - 8);
  REQUIRE(std::ranges::count(token, '.') == 2);
  auto const dot = token.find('.');
  CHECK(from_base64url(token.substr(0, dot)) == R"({"alg":"ES256","typ":"JWT","kid":"key-1"})");
  std::string const claims = from_base64url(token.substr(dot + 1, token.rfind('.') - dot - 1));
  CHECK(claims.starts_with(R"({"iss":"me@example","sub":"me@example","aud":"https://127.0.0.1:)"));
  CHECK(claims.find(R"(/endtoend.Talk","iat":)") != std::string::npos);
  CHECK(from_base64url(token.substr(token.rfind('.') + 1)).size() == 64);
}

TEST_CASE("a self-made token without a key, an issuer or a lifetime is refused at once") {
  auto const key = sluice::test::self_signed().key;
  for (auto const& options :
       {sluice::jwt_options{.private_key_pem = "", .issuer = "me"},
        sluice::jwt_options{.private_key_pem = key, .issuer = ""},
        sluice::jwt_options{.private_key_pem = key, .issuer = "me", .lifetime = 1min}}) {
    try {
      static_cast<void>(sluice::jwt_token(options));
      FAIL("made");
    } catch (sluice::status_error const& error) { CHECK(error.code() == code::invalid_argument); }
  }
}
