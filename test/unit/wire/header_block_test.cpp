// SPDX-License-Identifier: Apache-2.0
#include "wire/header_block.hpp"

#include "support/catch.hpp"

#include <iterator>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

using namespace sluice::wire;

namespace {

std::vector<std::pair<std::string, std::string>> content_of(header_block const& block) {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto const [name, value] : block) all.emplace_back(name, value);
  return all;
}

}  // namespace

static_assert(std::forward_iterator<header_block::const_iterator>);
static_assert(std::ranges::forward_range<header_block>);

TEST_CASE("fields keep their order and their duplicates") {
  header_block block;
  block.add(":path", "/a");
  block.add("k", "1");
  block.add("k", "");
  block.add("k", "1");
  CHECK(content_of(block) ==
        std::vector<std::pair<std::string, std::string>>{{":path", "/a"}, {"k", "1"}, {"k", ""}, {"k", "1"}});
  CHECK(block.size() == 4);
  CHECK(block.count("k") == 3);
  CHECK(block.count("absent") == 0);
  CHECK(block[1].name == "k");
  CHECK(block[3].value == "1");
}

TEST_CASE("find gives the first value of exactly that name") {
  header_block block;
  block.add("key", "first");
  block.add("key", "second");
  block.add("keys", "other");
  CHECK(block.find("key") == "first");
  CHECK(block.find("keys") == "other");
  CHECK(!block.find("ke"));
  CHECK(!block.find("KEY"));
  CHECK(!block.find(""));
  CHECK(!header_block{}.find("key"));
}

TEST_CASE("empty names and values, and any bytes, are kept") {
  header_block block;
  std::string const bytes("\0\xff\r\n", 4);
  block.add("", bytes);
  block.add("n", "");
  CHECK(content_of(block) == std::vector<std::pair<std::string, std::string>>{{"", bytes}, {"n", ""}});
  CHECK(block.find("") == bytes);
}

TEST_CASE("the list size is name + value + 32 for each field") {
  header_block block;
  CHECK(block.list_size() == 0);
  block.add("abc", "defg");
  CHECK(block.list_size() == 39);
  block.add("", "");
  CHECK(block.list_size() == 71);
  block.add_with("x", [](std::string& out) { out += "12345"; });
  CHECK(block.list_size() == 109);
  block.clear();
  CHECK(block.list_size() == 0);
}

TEST_CASE("a field that must not be indexed says so") {
  header_block block;
  block.add("a", "1");
  block.add("b", "2", no_index);
  block.add_with("c", no_index, [](std::string& out) { out += "3"; });
  block.add_with("d", [](std::string& out) { out += "4"; });
  CHECK(block.indexed(0));
  CHECK(!block.indexed(1));
  CHECK(!block.indexed(2));
  CHECK(block.indexed(3));
  CHECK(block.find("b") == "2");
  CHECK(block.find("c") == "3");
}

TEST_CASE("clear keeps the memory, and the same list again allocates nothing") {
  header_block block;
  auto const fill = [&block] {
    for (int i = 0; i < 50; ++i) block.add("some-longer-name", "a value that no small string holds");
  };
  fill();
  std::size_t const capacity = block.capacity();
  char const* const where = block[0].name.data();
  block.clear();
  CHECK(block.empty());
  CHECK(content_of(block).empty());
  CHECK(block.capacity() == capacity);
  fill();
  CHECK(block.capacity() == capacity);
  CHECK(block[0].name.data() == where);
  block.release();
  CHECK(block.empty());
  CHECK(block.capacity() < capacity);
}

TEST_CASE("a moved block is whole and leaves an empty one behind") {
  header_block from;
  from.add("short", "x");
  header_block to{std::move(from)};
  CHECK(to.find("short") == "x");
  CHECK(from.empty());
  CHECK(from.list_size() == 0);
  from.add("again", "y");
  CHECK(from.find("again") == "y");
  to = std::move(from);
  CHECK(content_of(to) == std::vector<std::pair<std::string, std::string>>{{"again", "y"}});
  header_block& self = to;
  to = std::move(self);
  CHECK(to.find("again") == "y");
}

TEST_CASE("a copied block is independent") {
  header_block one;
  one.add("k", "v");
  header_block two = one;
  two.add("l", "w");
  CHECK(one.size() == 1);
  CHECK(two.find("k") == "v");
  CHECK(two[0].name.data() != one[0].name.data());
}
