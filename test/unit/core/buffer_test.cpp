// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/buffer.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

using namespace sluice;

TEST_CASE("text and bytes view the same memory") {
  std::string const text("a\0b", 3);
  CHECK(as_text(as_bytes(text)) == text);
  CHECK(as_text(as_bytes(text)).data() == text.data());
  CHECK(as_bytes("").empty());
}

TEST_CASE("a new buffer owns nothing and can be asked anything") {
  buffer b;
  CHECK(b.empty());
  CHECK(b.size() == 0);
  CHECK(b.capacity() == 0);
  CHECK(b.view().empty());
  b.append({});
  b.consume(0);
  b.clear();
  b.release();
  CHECK(b.prepare(0).empty());
  CHECK(b.capacity() == 0);
}

TEST_CASE("what is appended is read in order") {
  buffer b;
  b.append(as_bytes("hello "));
  b.append(as_bytes("world"));
  CHECK(as_text(b.view()) == "hello world");
  b.consume(6);
  CHECK(as_text(b.view()) == "world");
  CHECK(b.size() == 5);
  b.append(as_bytes("!"));
  CHECK(as_text(b.view()) == "world!");
}

TEST_CASE("prepared room becomes content by commit, as far as committed") {
  buffer b;
  auto const room = b.prepare(10);
  REQUIRE(room.size() == 10);
  room[0] = std::byte{'x'};
  CHECK(b.empty());
  b.commit(1);
  CHECK(as_text(b.view()) == "x");
}

TEST_CASE("consumed bytes stay in place until room is prepared") {
  buffer b;
  b.append(as_bytes("read me"));
  auto const view = b.view();
  b.consume(7);
  CHECK(b.empty());
  CHECK(as_text(view) == "read me");
}

TEST_CASE("a buffer that is read as fast as it is written stops growing") {
  buffer b;
  std::string const piece(700, 'p');
  b.append(as_bytes(piece));
  std::size_t greatest = 0;
  for (int i = 0; i < 10'000; ++i) {
    b.append(as_bytes(piece));
    b.consume(700);
    greatest = std::max(greatest, b.capacity());
  }
  CHECK(b.size() == 700);
  CHECK(greatest <= 4 * 1400);
}

TEST_CASE("clear keeps the memory and release gives it back") {
  buffer b;
  b.append(as_bytes("content"));
  std::size_t const capacity = b.capacity();
  b.clear();
  CHECK(b.empty());
  CHECK(b.capacity() == capacity);
  b.release();
  CHECK(b.capacity() == 0);
  b.append(as_bytes("again"));
  CHECK(as_text(b.view()) == "again");
}

TEST_CASE("a large buffer does not begin a few bytes behind where others begin in their pages") {
  // Larger than what malloc ever takes from its heap. Untouched, it costs no memory.
  constexpr std::size_t large = std::size_t{40} * 1024 * 1024;
  constexpr std::size_t page = 4096;
  buffer b;
  auto const room = b.prepare(large);
  auto const other = std::make_unique_for_overwrite<std::byte[]>(large);
  auto const address = [](std::byte const* of) { return reinterpret_cast<std::uintptr_t>(of); };
  CHECK((address(room.data()) - address(other.get())) % page >= 64);
  b.commit(large);
  CHECK(b.holds(b.view().last(1)));
  CHECK_FALSE(b.holds({other.get(), 1}));
}

TEST_CASE("a moved buffer takes the content along and leaves an empty one") {
  buffer from;
  from.append(as_bytes("xcontent"));
  from.consume(1);
  buffer to{std::move(from)};
  CHECK(as_text(to.view()) == "content");
  CHECK(from.empty());
  CHECK(from.capacity() == 0);
  from.append(as_bytes("new"));
  to = std::move(from);
  CHECK(as_text(to.view()) == "new");
  buffer& self = to;
  to = std::move(self);
  CHECK(as_text(to.view()) == "new");
}

TEST_CASE("a buffer behaves as a string does, whatever the order of writes and reads") {
  std::mt19937 random{11};
  buffer b;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    std::size_t const count = random() % (i % 100 == 0 ? 5000 : 200);
    if (random() % 2 == 0) {
      std::string piece(count, '\0');
      for (char& c : piece) c = static_cast<char>(random());
      b.append(as_bytes(piece));
      model += piece;
    } else {
      std::size_t const taken = std::min(count, model.size());
      b.consume(taken);
      model.erase(0, taken);
    }
    REQUIRE(as_text(b.view()) == model);
  }
}
