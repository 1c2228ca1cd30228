// SPDX-License-Identifier: Apache-2.0
#include "core/gather.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>

using namespace sluice;

namespace {

constexpr std::size_t large = gather::worth_lending;
constexpr std::size_t much = std::size_t{1} << 20;

std::string all_of(gather& of) {
  std::string all;
  for (auto const piece : of.pieces()) all += as_text(piece);
  return all;
}

}  // namespace

TEST_CASE("what is copied and what is lent keep their order") {
  std::string const first(large, '1');
  std::string const second(large + 1, '2');
  buffer own;
  gather g{own, much, much};
  CHECK(g.empty());
  CHECK(g.pieces().empty());
  g.append(as_bytes("a"));
  g.lend(as_bytes(first));
  g.lend(as_bytes(second));
  g.append(as_bytes("b"));
  CHECK(g.pieces().size() == 4);
  CHECK(g.pieces()[1].data() == as_bytes(first).data());
  CHECK(all_of(g) == "a" + first + second + "b");
  CHECK(g.size() == all_of(g).size());
  g.append(as_bytes("c"));
  CHECK(all_of(g) == "a" + first + second + "bc");
}

TEST_CASE("small pieces are copied") {
  std::string const small(large - 1, 's');
  buffer own;
  gather g{own, much, much};
  g.lend(as_bytes(small));
  g.append(as_bytes("x"));
  CHECK(g.pieces().size() == 1);
  CHECK(all_of(g) == small + "x");
}

TEST_CASE("it is full with enough bytes, enough copied bytes, or enough pieces") {
  std::string const piece(large, 'p');
  buffer own;
  gather copied{own, 10, much};
  copied.append(as_bytes("123456789"));
  copied.lend(as_bytes(piece));
  CHECK_FALSE(copied.full());
  copied.append(as_bytes("0"));
  CHECK(copied.full());

  buffer other;
  gather bytes{other, much, 2 * large};
  bytes.lend(as_bytes(piece));
  CHECK_FALSE(bytes.full());
  bytes.lend(as_bytes(piece));
  CHECK(bytes.full());

  buffer third;
  gather pieces{third, much, much};
  for (std::size_t i = 0; i != gather::most_lent; ++i) {
    CHECK_FALSE(pieces.full());
    pieces.append(as_bytes("h"));
    pieces.lend(as_bytes(piece));
  }
  CHECK(pieces.full());
  pieces.lend(as_bytes(piece));  // copied
  pieces.append(as_bytes("t"));
  CHECK(pieces.pieces().size() == 2 * gather::most_lent + 1);
  CHECK(all_of(pieces).size() == pieces.size());
}

TEST_CASE("lent memory outlives who lent it when it is kept, other memory does not") {
  auto lender = std::make_unique<buffer>();
  lender->append(as_bytes(std::string(2 * large, 'm')));
  auto stranger = std::make_unique<buffer>();
  stranger->append(as_bytes("nothing of this is lent"));
  buffer own;
  gather g{own, much, much};
  g.keep(std::move(*stranger));
  CHECK_FALSE(stranger->empty());
  g.lend(lender->view().first(large));
  lender->consume(large);
  g.lend(lender->view());
  lender->consume(large);  // all of it
  g.keep(std::move(*stranger));
  g.keep(std::move(*lender));
  CHECK_FALSE(stranger->empty());
  CHECK(lender->capacity() == 0);
  lender.reset();
  CHECK(all_of(g) == std::string(2 * large, 'm'));
}
