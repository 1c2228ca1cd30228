// SPDX-License-Identifier: Apache-2.0
#include "wire/percent.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <string>

using namespace sluice::wire;

TEST_CASE("printable ASCII travels as it is") {
  std::string all;
  for (char c = '!'; c <= '~'; ++c)
    if (c != '%') all.push_back(c);
  CHECK(percent_encode(all) == all);
  CHECK(percent_encode("no feature at this point") == "no feature at this point");
}

TEST_CASE("percent signs, controls and bytes above ASCII are encoded in upper case") {
  CHECK(percent_encode("100%") == "100%25");
  CHECK(percent_encode("a\r\nb") == "a%0D%0Ab");
  CHECK(percent_encode("x\x7f\x80\xffx") == "x%7F%80%FFx");
  CHECK(percent_encode(std::string_view{"\0", 1}) == "%00");
}

TEST_CASE("the interop suite's special status message is encoded and comes back byte for byte") {
  std::string const text =
      "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n";
  CHECK(percent_encode(text) ==
        "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A");
  CHECK(percent_decode(percent_encode(text)) == text);
}

TEST_CASE("spaces at either end are encoded, since HTTP/2 forbids them there") {
  CHECK(percent_encode(" a b ") == "%20a b%20");
  CHECK(percent_encode(" ") == "%20");
  CHECK(percent_encode("  ") == "%20%20");
}

TEST_CASE("both cases of hex digits are decoded") {
  CHECK(percent_decode("%e2%98%ba") == "\xe2\x98\xba");
  CHECK(percent_decode("%E2%98%BA") == "\xe2\x98\xba");
  CHECK(percent_decode("%2541") == "%41");
}

TEST_CASE("a bad percent sign stays as it is") {
  for (std::string_view const text :
       {"%", "%4", "%%", "%g0", "%0g", "100%", "%-1", "% 1", "%+1", "%\xff\xff"}) {
    INFO(text);
    CHECK(percent_decode(text) == text);
  }
  CHECK(percent_decode("%%41") == "%A");
  CHECK(percent_decode("%4%41") == "%4A");
}

TEST_CASE("bytes that should have been encoded are kept") {
  CHECK(percent_decode("caf\xc3\xa9\n") == "caf\xc3\xa9\n");
}

TEST_CASE("any bytes survive the round trip, as a value that HTTP/2 allows") {
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string raw(random() % 40, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    std::string const encoded = percent_encode(raw);
    REQUIRE(percent_decode(encoded) == raw);
    REQUIRE(std::all_of(encoded.begin(), encoded.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    REQUIRE(!encoded.starts_with(' '));
    REQUIRE(!encoded.ends_with(' '));
  }
}

TEST_CASE("encoding and decoding append") {
  std::string out = "kept:";
  percent_encode("%", out);
  percent_decode("%41", out);
  CHECK(out == "kept:%25A");
}
