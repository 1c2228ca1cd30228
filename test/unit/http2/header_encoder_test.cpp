// SPDX-License-Identifier: Apache-2.0
#include "http2/header_encoder.hpp"

#include "http2/hpack.hpp"
#include "support/catch.hpp"
#include "unit/http2/machine.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct unindexed_list final : http2::header_list {
  explicit unindexed_list(fields const& of) : fields_{of} {}
  void at(std::size_t index, std::string_view& name, std::string_view& value, bool& indexed) const override {
    name = fields_[index].first;
    value = fields_[index].second;
    indexed = false;
  }
  [[nodiscard]] std::size_t size() const override { return fields_.size(); }
  fields const& fields_;
};

/// An encoder, and a decoder that hears all of it.
struct pair_of_ends {
  std::string send(fields const& list, std::uint64_t number = 0) {
    buffer out;
    encoder.begin(out);
    encoder.add(field_list{list}, number);
    heard.clear();
    REQUIRE(decoder.decode(out.view(), heard));
    CHECK(heard == list);
    return std::string{as_text(out.view())};
  }
  http2::header_encoder encoder;
  http2::hpack_decoder decoder;
  fields heard;
};

}  // namespace

TEST_CASE("a list that comes again is a byte for each field that the table has") {
  pair_of_ends ends;
  fields const list{{":status", "200"}, {"content-type", "application/grpc"}, {"x-kind", "plain"}};
  CHECK(ends.send(list, 1).size() > 20);
  for (int i = 0; i != 3; ++i) CHECK(ends.send(list, 1).size() == 3);
}

TEST_CASE("a kept block is made anew when the table has changed") {
  pair_of_ends ends;
  fields const list{{":status", "200"}, {"x-kind", "plain"}};
  fields const other{{"x-other", "value"}};
  for (int i = 0; i != 2; ++i) static_cast<void>(ends.send(list, 1));
  auto const before = ends.send(list, 1);
  static_cast<void>(ends.send(other));
  CHECK(ends.send(list, 1) != before);
  for (int i = 0; i != 2; ++i) static_cast<void>(ends.send(list, 1));
}

TEST_CASE("lists whose numbers share a place are told apart") {
  pair_of_ends ends;
  for (int i = 0; i != 4; ++i)
    for (std::uint64_t number : {1U, 2U, 9U, 10U, 17U})
      static_cast<void>(ends.send({{":status", std::to_string(200 + number)}}, number));
}

TEST_CASE("a list outlives a table of another size") {
  pair_of_ends ends;
  fields const list{{":path", "/a.b/c"}, {"x-kind", "plain"}};
  for (int i = 0; i != 2; ++i) static_cast<void>(ends.send(list, 1));
  ends.encoder.change_table_size(0);
  auto const without = ends.send(list, 1);
  CHECK(without.size() > 10);
  CHECK(ends.send(list, 1).size() == without.size() - 1);  // the table's new size is said once
  CHECK(ends.send(list, 1).size() == without.size() - 1);
}

TEST_CASE("a table that is too small for what is sent gives the right lists all the same") {
  pair_of_ends ends;
  ends.encoder.change_table_size(200);
  for (int i = 0; i != 200; ++i) {
    static_cast<void>(ends.send({{":status", "200"}, {"x-kind", "plain"}}, 1));
    static_cast<void>(ends.send({{"x-id", std::string(static_cast<std::size_t>(i), 'x')}, {"x-other", "y"}}));
    static_cast<void>(ends.send({{"grpc-status", "0"}}, 2));
  }
}

TEST_CASE("what a block does to the table is read from its first bits") {
  auto const changes = [](std::string_view block) { return http2::changes_table(as_bytes(block)); };
  CHECK_FALSE(changes(""));
  CHECK_FALSE(changes("\x88\xff\x80\x01"));                    // indexed, the second with a long index
  CHECK_FALSE(changes({"\x04\x03@@@\x88", 6}));                // a literal by a known name, then indexed
  CHECK_FALSE(changes({"\x10\x02@@\x83@@@\x88", 9}));          // a new name, both strings read over
  CHECK(changes("\x40"));                                      // added
  CHECK(changes({"\x04\x01@\x41\x01x", 6}));                   // behind a literal
  CHECK(changes("\x3f\x01"));                                  // another size
}

TEST_CASE("what is never indexed is written as it is, of any length, and leaves the table alone") {
  pair_of_ends ends;
  fields const common{{":status", "200"}, {"x-kind", "plain"}};
  for (int i = 0; i != 2; ++i) static_cast<void>(ends.send(common, 1));
  for (std::size_t const size : {0, 1, 126, 127, 128, 254, 255, 16'510, 16'511, 20'000}) {
    fields const own{{"grpc-timeout", std::string(size, 't')}, {"authorization", "secret"}};
    buffer out;
    ends.encoder.begin(out);
    ends.encoder.add(unindexed_list{own}, 0);
    CHECK(out.view()[0] == std::byte{0x10});
    fields heard;
    REQUIRE(ends.decoder.decode(out.view(), heard));
    CHECK(heard == own);
    CHECK(ends.send(common, 1).size() == 2);
  }
}
