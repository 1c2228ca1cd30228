// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include "support/catch.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::wire;

namespace {

using message = std::pair<int, std::string>;

std::string framed(std::uint8_t flag, std::string_view payload) {
  std::array<std::byte, frame_prefix_size> prefix;
  write_frame_prefix(prefix.data(), flag, static_cast<std::uint32_t>(payload.size()));
  return std::string{as_text(prefix)} + std::string{payload};
}

std::string announced(std::uint8_t flag, std::uint32_t length) {
  std::array<std::byte, frame_prefix_size> prefix;
  write_frame_prefix(prefix.data(), flag, length);
  return std::string{as_text(prefix)};
}

std::string payload_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + size);
  return text;
}

// What a deframer made of a stream: its messages, and how it ended.
struct outcome {
  std::vector<message> messages;
  errc error = errc::ok;
  bool clean = false;
  friend bool operator==(outcome const&, outcome const&) = default;
};

outcome read_in_pieces(std::string_view stream, std::vector<std::size_t> const& cuts,
                       std::size_t limit = default_message_limit) {
  deframer d{limit};
  outcome result;
  std::size_t from = 0;
  auto const feed = [&](std::string_view piece) {
    // A copy of exact size, so that a sanitizer sees any read beyond it.
    std::vector<std::byte> const bytes(as_bytes(piece).begin(), as_bytes(piece).end());
    d.push(bytes);
    for (;;) {
      std::optional<frame_view> out;
      result.error = d.next(out);
      if (result.error != errc::ok) REQUIRE(!out);
      if (!out) break;
      result.messages.emplace_back(out->flag, as_text(out->payload));
    }
  };
  for (std::size_t const cut : cuts) {
    feed(stream.substr(from, cut - from));
    from = cut;
  }
  feed(stream.substr(from));
  result.clean = result.error == errc::ok && d.empty();
  return result;
}

}  // namespace

TEST_CASE("a frame prefix is the flag and the length in big-endian order") {
  std::array<std::byte, 6> bytes;
  bytes.fill(std::byte{0xee});
  write_frame_prefix(bytes.data(), 1, 0x01020304);
  std::array<std::byte, 6> const expected{std::byte{1}, std::byte{1}, std::byte{2},
                                          std::byte{3}, std::byte{4}, std::byte{0xee}};
  CHECK(bytes == expected);
}

TEST_CASE("messages come out the same for every two cuts of the stream") {
  std::string const stream =
      framed(0, "hello") + framed(1, "") + framed(0, "\x01") + framed(0, payload_of(20)) + framed(1, "end");
  outcome const expected{
      {{0, "hello"}, {1, ""}, {0, "\x01"}, {0, payload_of(20)}, {1, "end"}}, errc::ok, true};
  for (std::size_t a = 0; a <= stream.size(); ++a)
    for (std::size_t b = a; b <= stream.size(); ++b)
      if (read_in_pieces(stream, {a, b}) != expected) FAIL("cut at " << a << " and " << b);
  SUCCEED();
}

TEST_CASE("messages of any size come out the same for random cuts") {
  std::mt19937 random{20240607};
  auto const below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
  };
  for (int round = 0; round < 200; ++round) {
    std::string stream;
    outcome expected{{}, errc::ok, true};
    for (std::size_t i = below(12); i-- > 0;) {
      std::string const payload = payload_of(below(4) == 0 ? below(70'000) : below(60));
      auto const flag = static_cast<std::uint8_t>(below(2));
      stream += framed(flag, payload);
      expected.messages.emplace_back(flag, payload);
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0, step = 1 + below(20'000); (at += 1 + below(step)) < stream.size();)
      cuts.push_back(at);
    if (read_in_pieces(stream, cuts) != expected) FAIL("round " << round);
  }
  SUCCEED();
}

TEST_CASE("a stream fed byte by byte gives its messages") {
  std::string const stream = framed(0, payload_of(1000)) + framed(0, "");
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < stream.size(); ++i) cuts.push_back(i);
  CHECK(read_in_pieces(stream, cuts) == outcome{{{0, payload_of(1000)}, {0, ""}}, errc::ok, true});
}

TEST_CASE("a stream that ends inside a message is not clean, wherever it ends") {
  std::string const whole = framed(0, "hello");
  for (std::size_t end = 1; end < whole.size(); ++end) {
    deframer d;
    d.push(as_bytes(std::string_view{whole}.substr(0, end)));
    std::optional<frame_view> out;
    CHECK(d.next(out) == errc::ok);
    CHECK(!out);
    CHECK(d.partial());
    CHECK(!d.empty());
    CHECK(d.buffered() == end);
  }
}

TEST_CASE("a view holds until the next call") {
  deframer d;
  d.push(as_bytes(framed(0, "stays")));
  std::optional<frame_view> out;
  REQUIRE(d.next(out) == errc::ok);
  REQUIRE(out);
  CHECK(d.empty());
  CHECK(as_text(out->payload) == "stays");
}

TEST_CASE("a message at the limit passes, one byte more is too large") {
  CHECK(read_in_pieces(framed(0, payload_of(100)), {}, 100).messages.size() == 1);
  CHECK(read_in_pieces(framed(0, payload_of(101)), {}, 100) == outcome{{}, errc::message_too_large, false});
}

TEST_CASE("a limit of zero lets only empty messages pass") {
  CHECK(read_in_pieces(framed(0, ""), {}, 0) == outcome{{{0, ""}}, errc::ok, true});
  CHECK(read_in_pieces(framed(0, "x"), {}, 0).error == errc::message_too_large);
}

TEST_CASE("a message is too large as soon as its prefix is known") {
  CHECK(read_in_pieces(announced(0, 0xffffffff), {}).error == errc::message_too_large);
  CHECK(read_in_pieces(announced(0, 0xffffffff), {2, 4}).error == errc::message_too_large);
}

TEST_CASE("a flag other than 0 and 1 is refused, before the length is looked at") {
  for (int flag = 2; flag < 256; ++flag) {
    auto const f = static_cast<std::uint8_t>(flag);
    CHECK(read_in_pieces(announced(f, 0xffffffff), {}).error == errc::bad_message_flag);
    CHECK(read_in_pieces(announced(f, 0), {3}).error == errc::bad_message_flag);
  }
}

TEST_CASE("messages before a bad one come out") {
  std::string const stream = framed(0, "good") + framed(7, "bad") + framed(0, "lost");
  CHECK(read_in_pieces(stream, {}) == outcome{{{0, "good"}}, errc::bad_message_flag, false});
}

TEST_CASE("an error stays, and what comes after it is dropped") {
  deframer d{10};
  std::optional<frame_view> out;
  d.push(as_bytes(announced(0, 11)));
  REQUIRE(d.next(out) == errc::message_too_large);
  std::string const good = framed(0, "good");
  d.push(as_bytes(good));
  CHECK(d.next(out) == errc::message_too_large);
  CHECK(!out);
  CHECK(d.buffered() == 0);
}

TEST_CASE("reset begins anew with another limit") {
  deframer d{1};
  std::optional<frame_view> out;
  d.push(as_bytes(framed(0, "too large")));
  REQUIRE(d.next(out) == errc::message_too_large);
  d.reset(100);
  CHECK(d.empty());
  d.push(as_bytes(framed(0, "small")));
  REQUIRE(d.next(out) == errc::ok);
  REQUIRE(out);
  CHECK(as_text(out->payload) == "small");
}

TEST_CASE("release keeps a message that is half here") {
  deframer d;
  std::string const text = framed(0, "hello");
  d.push(as_bytes(std::string_view{text}.substr(0, 6)));
  d.release();
  d.push(as_bytes(std::string_view{text}.substr(6)));
  std::optional<frame_view> out;
  REQUIRE(d.next(out) == errc::ok);
  REQUIRE(out);
  CHECK(as_text(out->payload) == "hello");
  d.release();
  CHECK(d.empty());
  CHECK(d.held_memory() == 0);
}

TEST_CASE("room for a whole message is made when a sixteenth of it is there") {
  constexpr std::size_t length = 1'000'000;
  std::string const part(10'000, 'x');
  deframer d{length};
  d.push(as_bytes(announced(0, length)));
  while (d.buffered() * 16 < length) {
    CHECK(d.awaited() == length + 5);
    CHECK(d.held_memory() <= 4 * (d.buffered() + part.size()));
    d.push(as_bytes(part));
  }
  while (d.held_memory() < length + 5) d.push(as_bytes(part));
  CHECK(d.buffered() <= length / 8 + part.size());
  std::size_t const memory = d.held_memory();
  while (d.awaited() != 0) d.push(as_bytes(part));
  CHECK(d.held_memory() == memory);
  std::optional<frame_view> out;
  REQUIRE(d.next(out) == errc::ok);
  CHECK(out->payload.size() == length);
}

TEST_CASE("memory follows the bytes received, not the length announced") {
  deframer d{std::size_t{4} << 30};
  std::optional<frame_view> out;
  d.push(as_bytes(announced(0, 0xfffffff0)));
  REQUIRE(d.next(out) == errc::ok);
  CHECK(d.held_memory() <= 1024);
  std::string const drop(1000, 'x');
  for (int i = 0; i < 100; ++i) {
    d.push(as_bytes(drop));
    REQUIRE(d.next(out) == errc::ok);
  }
  CHECK(d.buffered() == 100'005);
  CHECK(d.held_memory() <= 4 * d.buffered());
}
