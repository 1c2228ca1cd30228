// SPDX-License-Identifier: Apache-2.0
#include "wire/metadata_fields.hpp"

#include "support/catch.hpp"
#include "support/received.hpp"

#include <string>

using namespace sluice;
using namespace sluice::wire;

namespace {

errc read_one(std::string_view name, std::string_view value, metadata& out) {
  header_block block;
  block.add(name, value);
  return read_metadata(block, out);
}

}  // namespace

TEST_CASE("pseudo-headers and the protocol's own keys are not metadata") {
  header_block block;
  for (std::string_view const name :
       {":path",        ":status",          ":authority",        ":made-up",     "te",
        "content-type", "content-length",   "user-agent",        "host",         "connection",
        "keep-alive",   "proxy-connection", "transfer-encoding", "upgrade",      "grpc-status",
        "grpc-message", "grpc-timeout",     "grpc-encoding",     "grpc-made-up", "grpc-trace-bin"})
    block.add(name, "not base64!");
  block.add("mine", "v");
  metadata out;
  CHECK(read_metadata(block, out) == errc::ok);
  CHECK(out == metadata{{"mine", "v"}});
}

TEST_CASE("metadata keeps order and duplicates, and is added to what is there") {
  header_block block;
  block.add("b", "1");
  block.add("a", "2");
  block.add("b", "3");
  metadata out{{"old", "o"}};
  CHECK(read_metadata(block, out) == errc::ok);
  CHECK(out == metadata{{"old", "o"}, {"b", "1"}, {"a", "2"}, {"b", "3"}});
}

TEST_CASE("commas in a text value are text") {
  metadata out;
  CHECK(read_one("accept", "a, b,c", out) == errc::ok);
  CHECK(out == metadata{{"accept", "a, b,c"}});
}

TEST_CASE("binary values are decoded with either padding and split at commas") {
  metadata out;
  CHECK(read_one("k-bin", "Zg==,Zg, Zm8= ,,Zm9v", out) == errc::ok);
  CHECK(out == metadata{{"k-bin", "f"}, {"k-bin", "f"}, {"k-bin", "fo"}, {"k-bin", ""}, {"k-bin", "foo"}});
}

TEST_CASE("an empty binary value is one empty entry") {
  metadata out;
  CHECK(read_one("k-bin", "", out) == errc::ok);
  CHECK(out == metadata{{"k-bin", ""}});
}

TEST_CASE("a binary value that is no base64 is a bad header") {
  for (std::string_view const value : {"!", "Z", "Zg=", "Zg==,!", "=,", "Zm-_", "\xff"}) {
    INFO(value);
    metadata out;
    CHECK(read_one("k-bin", value, out) == errc::bad_header);
  }
}

TEST_CASE("a text value is written without blanks at its ends") {
  header_block out;
  write_metadata({{"k", "  a b\t"}, {"blank", " "}}, out);
  CHECK(out.find("k") == "a b");
  CHECK(out.find("blank") == "");
}

TEST_CASE("any bytes travel under a binary key") {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (std::size_t const size : {0u, 1u, 2u, 3u, 255u, 256u}) {
    metadata const sent{{"k-bin", std::string_view{all}.substr(0, size)}};
    header_block block;
    write_metadata(sent, block);
    metadata received;
    REQUIRE(read_metadata(block, received) == errc::ok);
    CHECK(received == sent);
  }
}

TEST_CASE("ten thousand keys are read") {
  header_block block;
  for (int i = 0; i < 10'000; ++i) block.add("k" + std::to_string(i), "v");
  metadata out;
  CHECK(read_metadata(block, out) == errc::ok);
  CHECK(out.size() == 10'000);
}
