// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.hpp"

#include "support/catch.hpp"

#include <random>
#include <string>

using namespace sluice::wire;

TEST_CASE("RFC 4648's vectors encode without padding") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg");
  CHECK(base64_encode("fo") == "Zm8");
  CHECK(base64_encode("foo") == "Zm9v");
  CHECK(base64_encode("foob") == "Zm9vYg");
  CHECK(base64_encode("fooba") == "Zm9vYmE");
  CHECK(base64_encode("foobar") == "Zm9vYmFy");
  CHECK(base64_encode("\xab\xab\xab") == "q6ur");
  CHECK(base64_encode("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("padded and unpadded text decode alike") {
  for (std::string_view const text : {"Zg", "Zg=="}) CHECK(base64_decode(text) == "f");
  for (std::string_view const text : {"Zm8", "Zm8="}) CHECK(base64_decode(text) == "fo");
  CHECK(base64_decode("Zm9v") == "foo");
  CHECK(base64_decode("") == "");
}

TEST_CASE("bits beyond the last byte are ignored") {
  CHECK(base64_decode("Zh") == "f");
  CHECK(base64_decode("Zm9=") == "fo");
}

TEST_CASE("what is no base64 is refused") {
  for (std::string_view const text :
       {"Z",     "Zm9vY",           "=",        "==",   "===",  "====",  "Zg=",  "Zg===", "Zm8==", "Z===",
        "Zm9v=", "Zm9v====",        "Zg==Zg==", "Z=g=", "Zm 8", "Zm8\n", " Zm8", "Zm-_",  "Zm8,",  "Zm\x80v",
        "Zm%v",  "\xff\xff\xff\xff"}) {
    INFO(text);
    CHECK(!base64_decode(text));
  }
  CHECK(!base64_decode(std::string_view{"Zm\0v", 4}));
}

TEST_CASE("any bytes survive the round trip with either padding") {
  std::mt19937 random{2};
  for (std::size_t size = 0; size < 400; ++size) {
    std::string raw(size, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    std::string text = base64_encode(raw);
    REQUIRE(text.find('=') == std::string::npos);
    REQUIRE(base64_decode(text) == raw);
    while (text.size() % 4 != 0) text.push_back('=');
    REQUIRE(base64_decode(text) == raw);
  }
}

TEST_CASE("base64 is appended to what is there") {
  std::string out = "kept:";
  base64_encode("foo", out);
  CHECK(out == "kept:Zm9v");
}
