// SPDX-License-Identifier: Apache-2.0
#include "http2/header_decoder.hpp"

#include "http2/hpack.hpp"
#include "http2/huffman.hpp"
#include "http2/latest_names.hpp"
#include "support/catch.hpp"

#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::http2;

namespace {

using list = std::vector<hpack_field>;
using outcome = header_decoder::outcome;

struct counting_expert final : field_table::expert {
  void look_at(known_field& found) const noexcept override {
    found.rule.adds = 1U << (found.field.name.size() % 8);
    ++looks;
  }
  mutable int looks = 0;
};

// A decoder, and what it has said of the latest block.
struct hearer {
  list hear(std::string_view block) {
    how = decoder.decode(as_bytes(block));
    list fields;
    std::uint32_t adds = 0;
    std::size_t size = 0;
    for (auto const& each : decoder.list().fields) {
      fields.emplace_back(each.name, each.value);
      adds |= 1U << (each.name.size() % 8);
      size += each.name.size() + each.value.size() + 32;
    }
    CHECK(decoder.list().rule.adds == adds);
    CHECK(decoder.list().size == size);
    decoder.release();
    return fields;
  }
  outcome fails(std::string_view block) {
    hear(block);
    return how;
  }
  counting_expert expert;
  header_decoder decoder{expert, 2'500};
  outcome how = outcome::decoded;
};

std::string text(std::initializer_list<int> bytes) {
  std::string made;
  for (int const each : bytes) made.push_back(static_cast<char>(each));
  return made;
}

}  // namespace

TEST_CASE("the examples of RFC 7541, C.4: requests in Huffman's code") {
  hearer end;
  CHECK(end.hear(text({0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
                       0x90, 0xf4, 0xff})) ==
        list{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}});
  CHECK(end.hear(text({0x82, 0x86, 0x84, 0xbe, 0x58, 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf})) ==
        list{{":method", "GET"},
             {":scheme", "http"},
             {":path", "/"},
             {":authority", "www.example.com"},
             {"cache-control", "no-cache"}});
  CHECK(end.hear(text({0x82, 0x87, 0x85, 0xbf, 0x40, 0x88, 0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9,
                       0x7d, 0x7f, 0x89, 0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf})) ==
        list{{":method", "GET"},
             {":scheme", "https"},
             {":path", "/index.html"},
             {":authority", "www.example.com"},
             {"custom-key", "custom-value"}});
}

TEST_CASE("every character has its code, and what nghttp2 compresses is read, through evictions") {
  std::mt19937 dice{7};
  hpack_encoder peer;
  hearer end;
  for (int i = 0; i != 2000; ++i) {
    list fields;
    for (auto left = dice() % 12; left != 0; --left) {
      std::string name = "name-" + std::to_string(dice() % 40);
      std::string value(dice() % 60, 'v');
      for (char& c : value) c = static_cast<char>(i % 2 == 0 ? dice() % 256 : '0' + dice() % 10);
      fields.emplace_back(std::move(name), std::move(value));
    }
    auto const heard = end.hear(peer.encode(fields));
    REQUIRE(end.how == outcome::decoded);
    REQUIRE(heard == fields);
  }
}

TEST_CASE("a field that is in the table is looked at once") {
  hearer end;
  hpack_encoder peer;
  list const fields{{":status", "200"}, {"content-type", "application/grpc"}, {"x-kind", "plain"}};
  end.hear(peer.encode(fields));
  int const looks = std::exchange(end.expert.looks, 0);
  CHECK(looks >= 3);
  for (int i = 0; i != 3; ++i) CHECK(end.hear(peer.encode(fields)) == fields);
  CHECK(end.expert.looks == 0);
}

TEST_CASE("a literal may have the name of a field that it displaces") {
  hearer end;
  std::string const long_name(120, 'n');
  auto const size_is = [](std::size_t size) { return text({0x7f, static_cast<int>(size - 127)}); };
  std::string const value(200, 'v');
  std::string const literal =
      text({0x40, static_cast<int>(long_name.size())}) + long_name + size_is(200) + value;
  for (int i = 0; i != 12; ++i)
    CHECK(end.hear(literal) == list{{long_name, value}});  // 352 bytes each, of 4096
  std::string const oldest = text({0x40 | 0x3f, 61 + 11 - 0x3f});
  std::string const next(199, 'w');
  CHECK(end.hear(oldest + size_is(199) + next) == list{{long_name, next}});
  CHECK(end.hear(text({0xbe})) == list{{long_name, next}});
}

TEST_CASE("a field larger than the table empties it, and is no error") {
  hearer end;
  CHECK(end.hear(text({0x40, 1}) + "a" + text({1}) + "b") == list{{"a", "b"}});
  CHECK(end.hear(text({0xbe})) == list{{"a", "b"}});
  std::string const large(4100, 'v');
  std::string const size = text({0x7f, 0x80 | ((4100 - 127) & 0x7f), (4100 - 127) >> 7});
  CHECK(end.hear(text({0x40, 1}) + "c" + size + large) == list{{"c", large}});
  CHECK(end.fails(text({0xbe})) == outcome::malformed);
}

TEST_CASE("the table's size changes at the beginning of a block, up to what we allow") {
  hearer end;
  auto const field = text({0x40, 1}) + "a" + text({1}) + "b";
  CHECK(end.hear(field) == list{{"a", "b"}});
  CHECK(end.hear(text({0x20, 0x3f, 0xe1, 0x1f}) + field) == list{{"a", "b"}});  // 0, then 4096
  CHECK(end.hear(text({0xbe})) == list{{"a", "b"}});
  CHECK(end.hear(text({0x20})).empty());
  CHECK(end.how == outcome::decoded);
  CHECK(end.fails(text({0xbe})) == outcome::malformed);
  CHECK(end.fails(text({0x82, 0x20})) == outcome::malformed);
  CHECK(end.fails(text({0x3f, 0xe2, 0x1f})) == outcome::malformed);  // 4097
}

TEST_CASE("what is malformed is refused") {
  for (auto const& block :
       {text({0x80}), text({0xbe}), text({0xff}), text({0xff, 0x80}), text({0x40}), text({0x40, 1}),
        text({0x40, 2, 'a'}), text({0x40, 1, 'a'}), text({0x40, 1, 'a', 2, 'b'}), text({0x7e, 1, 'b'}),
        text({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
        text({0x40, 1, 'a', 0x81, 0x1e}),           // padding of zeros
        text({0x40, 1, 'a', 0x82, 0x1f, 0xff}),     // padding of more than seven bits
        text({0x40, 1, 'a', 0x84, 0xff, 0xff, 0xff, 0xff}),  // the end's code
        text({0x40, 1, 'a', 0x81, 0xff})}) {                 // nothing but padding, of eight bits
    hearer end;
    CAPTURE(block);
    CHECK(end.fails(block) == outcome::malformed);
  }
}

TEST_CASE("a list far above the limit is decoded no further") {
  hearer end;
  std::string bomb = text({0x40, 1}) + "a" + text({0x7f, 0x80 | (3000 - 127) % 128, (3000 - 127) / 128}) +
                     std::string(3000, 'v');
  CHECK(end.hear(bomb).size() == 1);
  CHECK(end.fails(std::string(4, '\xbe')) == outcome::too_large);
}

TEST_CASE("a list is the same each time that it comes, and another one when the table has changed") {
  hearer end;
  auto const add = [&](char name, char value) { end.hear(text({0x40, 1, name, 1, value})); };
  add('a', 'b');
  for (int i = 0; i != 3; ++i) CHECK(end.hear(text({0xbe, 0x82})) == list{{"a", "b"}, {":method", "GET"}});
  add('c', 'd');
  for (int i = 0; i != 3; ++i) CHECK(end.hear(text({0xbe, 0x82})) == list{{"c", "d"}, {":method", "GET"}});
  CHECK(end.hear(text({0x00, 1, 'e', 1, 'f'})) == list{{"e", "f"}});  // does not enter
  CHECK(end.hear(text({0xbe, 0x82})) == list{{"c", "d"}, {":method", "GET"}});
  CHECK(end.hear(text({0x20, 0x3f, 0xe1, 0x1f})).empty());
  CHECK(end.fails(text({0xbe, 0x82})) == outcome::malformed);
}

TEST_CASE("what stands behind fields of the table is another thing each time") {
  hearer end;
  for (char const c : {'a', 'b', 'c'}) {
    auto const fields = end.hear(text({0x82, 0x86, 0x10, 1, 'k', 1, c}));
    CHECK(fields == list{{":method", "GET"}, {":scheme", "http"}, {"k", std::string(1, c)}});
  }
  CHECK(end.hear(text({0x82, 0x86})) == list{{":method", "GET"}, {":scheme", "http"}});
  CHECK(end.hear(text({0x82, 0x86, 0x40, 1, 'k', 1, 'v', 0xbe})) ==
        list{{":method", "GET"}, {":scheme", "http"}, {"k", "v"}, {"k", "v"}});
  CHECK(end.fails(text({0x82, 0x86, 0x20})) == outcome::malformed);
}

TEST_CASE("what stood behind a known beginning is gone from the next list, and a huge list is not kept") {
  hearer end;
  std::string const beginning = text({0x83, 0x86});
  list const known{{":method", "POST"}, {":scheme", "http"}};
  auto const literal = [](std::string const& name, std::string const& value) {
    return text({0x10, static_cast<int>(name.size())}) + name + text({static_cast<int>(value.size())}) +
           value;
  };
  auto const and_more = [&](list more) {
    more.insert(more.begin(), known.begin(), known.end());
    return more;
  };
  CHECK(end.hear(beginning) == known);
  CHECK(end.hear(beginning + literal("grpc-timeout", "1S")) == and_more({{"grpc-timeout", "1S"}}));
  CHECK(end.hear(beginning + literal("x", "y") + text({0x84})) == and_more({{"x", "y"}, {":path", "/"}}));
  CHECK(end.hear(beginning) == known);
  std::string many = beginning;
  for (int i = 0; i != 200; ++i) many += literal("n", "v");
  CHECK(end.hear(many).size() == 202);
  CHECK(end.hear(beginning) == known);
  CHECK(end.hear(beginning + literal("grpc-timeout", "2S")) == and_more({{"grpc-timeout", "2S"}}));
}

TEST_CASE("a known beginning may be followed by what changes the table") {
  hearer end;
  std::string const added = text({0x40, 1}) + "a" + text({1}) + "1";
  CHECK(end.hear(added) == list{{"a", "1"}});
  std::string const beginning = text({0x83, 0xbe});
  CHECK(end.hear(beginning) == list{{":method", "POST"}, {"a", "1"}});
  std::string const behind = text({0x40, 1}) + "b" + text({1}) + "2";
  CHECK(end.hear(beginning + behind) == list{{":method", "POST"}, {"a", "1"}, {"b", "2"}});
  CHECK(end.hear(beginning) == list{{":method", "POST"}, {"b", "2"}});
}

TEST_CASE("what a name says is remembered for it alone") {
  latest_names names;
  int asked = 0;
  auto const says = [&](std::string const& name) {
    return names.find(name, [&](std::string_view of) {
      ++asked;
      return latest_names::meaning{static_cast<std::uint8_t>(of.empty() ? 0 : of.front()),
                                   field_class::plain};
    });
  };
  CHECK(says("").its == field_class::malformed);
  CHECK(asked == 0);
  CHECK(says("abc").kind == 'a');
  CHECK(says("abc").kind == 'a');
  CHECK(asked == 1);
  CHECK(says("xbc").kind == 'x');  // as long
  CHECK(says("y2345678901").kind == 'y');  // in the same place
  CHECK(says("abc").kind == 'a');
  CHECK(asked == 4);
  std::string const longest(21, 'l');
  std::string const longer(22, 'm');
  for (int i = 0; i != 2; ++i) {
    CHECK(says(longest).kind == 'l');
    CHECK(says(longer).kind == 'm');
  }
  CHECK(asked == 7);  // what does not fit is found out each time
}
