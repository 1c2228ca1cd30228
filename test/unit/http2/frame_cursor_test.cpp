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

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::size_t length) {
  std::string bytes;
  for (unsigned i = 3; i-- != 0;) bytes.push_back(static_cast<char>(length >> (8 * i)));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (unsigned i = 4; i-- != 0;) bytes.push_back(static_cast<char>(stream >> (8 * i)));
  return bytes.append(length, 'p');
}

using seen = std::vector<std::tuple<std::uint32_t, int, int, std::int32_t>>;

seen walk(frame_cursor& cursor, std::string_view bytes) {
  seen heads;
  frame_head head;
  for (auto rest = as_bytes(bytes); cursor.next(rest, head);)
    heads.emplace_back(head.length, head.type, head.flags, head.stream);
  return heads;
}

}  // namespace

TEST_CASE("the cursor finds each frame's head, however the bytes are cut") {
  std::string const bytes = "preface" + frame(frames::headers, frames::end_headers, 1, 70'000) +
                            frame(frames::data, frames::end_stream, 0x80000001, 0) +
                            frame(200, 0xff, 0x7fffffff, 3);
  seen const all{{70'000, 1, 4, 1}, {0, 0, 1, 1}, {3, 200, 255, 0x7fffffff}};
  for (std::size_t const piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{9}, bytes.size()}) {
    frame_cursor cursor{7};
    seen heads;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      for (auto const& each : walk(cursor, std::string_view{bytes}.substr(at, piece))) heads.push_back(each);
    CAPTURE(piece);
    CHECK(heads == all);
  }
}

TEST_CASE("a header block is open from its first frame to the last byte of the one with END_HEADERS") {
  frame_cursor cursor;
  CHECK(cursor.open_block() == 0);
  walk(cursor, frame(frames::headers, 0, 1, 10));
  CHECK(cursor.open_block() == 1);
  CHECK(cursor.continuations() == 0);
  walk(cursor, frame(frames::continuation, 0, 1, 0));
  CHECK(cursor.open_block() == 1);
  auto const last = frame(frames::continuation, frames::end_headers, 1, 10);
  walk(cursor, last.substr(0, 18));
  CHECK(cursor.open_block() == 1);
  CHECK(cursor.continuations() == 2);
  walk(cursor, last.substr(18));
  CHECK(cursor.open_block() == 0);
}

TEST_CASE("each header block has a number of its own") {
  frame_cursor cursor;
  walk(cursor, frame(frames::headers, frames::end_headers, 1, 10) + frame(frames::push_promise, 0, 1, 4));
  CHECK(cursor.open_block() == 2);
  walk(cursor, frame(frames::continuation, frames::end_headers, 1, 4) + frame(frames::headers, 0, 3, 0));
  CHECK(cursor.open_block() == 3);
}

TEST_CASE("a block that another frame interrupts is open no more: that is another error") {
  frame_cursor cursor;
  walk(cursor, frame(frames::headers, 0, 1, 10) + frame(frames::data, 0, 1, 10));
  CHECK(cursor.open_block() == 0);
}

TEST_CASE("what a PRIORITY depends on is found, however the bytes are cut") {
  std::string bytes = frame(frames::priority, 0, 7, 0);
  bytes[2] = 5;
  bytes.append({'\x80', 0, 1, 2, 16});
  bytes += frame(frames::priority, 0, 7, 3) + frame(frames::ping, 0, 0, 8);  // one is too short
  for (std::size_t const piece : {std::size_t{1}, std::size_t{4}, bytes.size()}) {
    frame_cursor cursor;
    std::vector<std::int32_t> found;
    frame_head head;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      for (auto rest = as_bytes(std::string_view{bytes}.substr(at, piece)); cursor.next(rest, head);)
        found.push_back(head.dependency);
    CAPTURE(piece);
    CHECK(found == std::vector<std::int32_t>{0x102, -1, -1});
  }
}
