// SPDX-License-Identifier: Apache-2.0
#include "http2/frame_cursor.hpp"

#include "http2/frame_types.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::http2;

namespace {

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes;
  for (unsigned i = 3; i-- != 0;) bytes.push_back(static_cast<char>(payload.size() >> (8 * i)));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (unsigned i = 4; i-- != 0;) bytes.push_back(static_cast<char>(stream >> (8 * i)));
  return bytes.append(payload);
}
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::size_t length) {
  return frame(type, flags, stream, std::string(length, 'p'));
}

// What a cursor found in some bytes.
struct findings {
  std::vector<std::tuple<std::uint32_t, int, int, std::int32_t>> heads;
  std::vector<std::int32_t> dependencies;
  std::string raw;   // and the frames without their blocks
  std::vector<std::string> blocks;
  std::vector<std::string> goaways;
  std::string violation;
  std::uint32_t error = 0;
  friend bool operator==(findings const&, findings const&) = default;
};

void walk(frame_cursor& cursor, std::string_view bytes, findings& to) {
  frame_part part;
  for (auto rest = as_bytes(bytes); to.error == 0 && cursor.next(rest, part);) {
    if (part.begins) {
      to.heads.emplace_back(part.head.length, part.head.type, part.head.flags, part.head.stream);
      to.dependencies.push_back(part.head.dependency);
    }
    to.raw += as_text(part.raw);
    to.raw += as_text(part.bare);
    if (!part.goaway.empty()) to.goaways.emplace_back(as_text(part.goaway));
    if (part.block_ends) to.blocks.emplace_back(as_text(part.block));
    to.error = part.error;
    to.violation = part.violation;
  }
}

findings walk_in_pieces(std::string_view bytes, std::size_t piece, side receiver) {
  frame_cursor cursor{receiver, 100'000};
  findings found;
  for (std::size_t at = 0; at < bytes.size(); at += piece) walk(cursor, bytes.substr(at, piece), found);
  return found;
}

findings walk_cut_anyhow(std::string_view bytes, side receiver = side::client) {
  auto const whole = walk_in_pieces(bytes, bytes.size(), receiver);
  for (std::size_t const piece : {1, 2, 5, 9, 14}) {
    CAPTURE(piece);
    CHECK(walk_in_pieces(bytes, piece, receiver) == whole);
  }
  return whole;
}

std::string wrong(std::string_view bytes) { return walk_cut_anyhow(bytes).violation; }

}  // namespace

TEST_CASE(
    "the cursor finds each frame's head, however the bytes are cut, and passes on what has no header block") {
  std::string const bytes = std::string(preface_size, 'p') + frame(frames::settings, 0, 0, 70'000) +
                            frame(frames::data, frames::end_stream, 0x80000001, 0) +
                            frame(200, 0xff, 0x7fffffff, 3);
  auto const found = walk_cut_anyhow(bytes, side::server);
  CHECK(found.heads == decltype(found.heads){{70'000, 4, 0, 0}, {0, 0, 1, 1}, {3, 200, 255, 0x7fffffff}});
  CHECK(found.raw == bytes);
  CHECK(found.blocks.empty());
}

TEST_CASE("a header block is put together, and its frames are passed on without it") {
  constexpr std::uint8_t flags = frames::end_stream | frames::padded | frames::with_priority;
  auto const found = walk_cut_anyhow(
      frame(frames::headers, flags, 3, std::string("\2") + "prio1" + "abc" + "pp") +
      frame(frames::continuation, 0, 3, "") + frame(frames::continuation, frames::end_headers, 3, "def") +
      frame(frames::headers, frames::end_headers, 5, "one") +
      frame(frames::headers, frames::end_headers, 7, ""));
  CHECK(found.blocks == std::vector<std::string>{"abcdef", "one", ""});
  CHECK(found.raw == frame(frames::headers, frames::end_stream | frames::with_priority, 3, "prio1") +
                         frame(frames::continuation, 0, 3, "") +
                         frame(frames::continuation, frames::end_headers, 3, "") +
                         frame(frames::headers, frames::end_headers, 5, "") +
                         frame(frames::headers, frames::end_headers, 7, ""));
}

TEST_CASE("what breaks the rules of header blocks is named") {
  auto const open = frame(frames::headers, 0, 1, 10);
  CHECK(wrong(open + frame(frames::data, 0, 1, 1)) == "a frame inside a header block of another");
  CHECK(wrong(open + frame(frames::continuation, 0, 3, 1)) == "a frame inside a header block of another");
  CHECK(wrong(open + frame(frames::continuation, 0, 1, 16'385)) == "CONTINUATION: larger than allowed");
  CHECK(wrong(frame(frames::headers, frames::padded, 1, "")) == "HEADERS: more padding than payload");
  CHECK(wrong(frame(frames::headers, frames::padded, 1, "\3ab")) == "HEADERS: more padding than payload");
  CHECK(wrong(frame(frames::headers, frames::with_priority, 1, 4)) == "HEADERS: too short for a priority");
  std::string longest = open;
  for (int i = 0; i != 10; ++i) longest += frame(frames::continuation, 0, 1, 10'000);
  CHECK(wrong(longest) == "header list far above the limit");
}

TEST_CASE("frames that nghttp2 refuses by themselves are passed on whole") {
  for (auto const& bytes :
       {frame(frames::headers, frames::end_headers, 0, 5), frame(frames::headers, 0, 1, 16'385),
        frame(frames::continuation, frames::end_headers, 1, 5),
        frame(frames::push_promise, frames::end_headers, 1, 5)}) {
    auto const found = walk_cut_anyhow(bytes);
    CHECK(found.raw == bytes);
    CHECK(found.violation.empty());
    CHECK(found.blocks.empty());
  }
}

TEST_CASE("a header block is open from its first frame to the last byte of the one with END_HEADERS") {
  frame_cursor cursor{side::client, 1000};
  findings found;
  CHECK(cursor.open_block() == 0);
  walk(cursor, frame(frames::headers, 0, 1, 10), found);
  CHECK(cursor.open_block() == 1);
  walk(cursor, frame(frames::continuation, 0, 1, 0), found);
  CHECK(cursor.open_block() == 1);
  auto const last = frame(frames::continuation, frames::end_headers, 1, 10);
  walk(cursor, last.substr(0, 18), found);
  CHECK(cursor.open_block() == 1);
  walk(cursor, last.substr(18), found);
  CHECK(cursor.open_block() == 0);
  walk(cursor, frame(frames::headers, 0, 3, 0), found);
  CHECK(cursor.open_block() == 2);
}

TEST_CASE("what a PRIORITY depends on is found, however the bytes are cut") {
  std::string const bytes = frame(frames::priority, 0, 7, std::string_view{"\x80\0\1\2\x10", 5}) +
                            frame(frames::priority, 0, 7, 3) +
                            frame(frames::ping, 0, 0, 8);  // one is too short
  auto const found = walk_cut_anyhow(bytes);
  CHECK(found.dependencies == std::vector<std::int32_t>{0x102, -1, -1});
  CHECK(found.raw == bytes);
}

TEST_CASE("a GOAWAY is put together, however the bytes are cut") {
  std::string const payload = std::string("\0\0\0\7\0\0\0\2", 8) + "why";
  auto const found = walk_cut_anyhow(frame(frames::goaway, 0, 0, payload) + frame(frames::ping, 0, 0, 8));
  CHECK(found.goaways == std::vector<std::string>{payload});
  CHECK(found.raw ==
        frame(frames::goaway, 0, 0, payload).substr(0, frame_head_size) + frame(frames::ping, 0, 0, 8));
  auto const content = read_goaway(as_bytes(payload));
  CHECK(content.last_stream == 7);
  CHECK(content.error == 2);
  CHECK(content.text == "why");
  auto const wrong = frame(frames::goaway, 0, 0, 7) + frame(frames::goaway, 0, 1, 8);
  CHECK(walk_cut_anyhow(wrong).raw == wrong);
}
