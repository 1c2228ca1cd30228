// SPDX-License-Identifier: Apache-2.0
#include "http2/hpack.hpp"

#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::http2;

namespace {

using list = std::vector<hpack_field>;

list const request{
    {":method", "POST"}, {":path", "/a.B/C"}, {"x-id", "4711"}, {"x-empty", ""}, {"x-id", "2"}};

}  // namespace

TEST_CASE("a header block decodes to the fields that were encoded, in their order") {
  hpack_encoder encoder;
  hpack_decoder decoder;
  list out;
  REQUIRE(decoder.decode(as_bytes(encoder.encode(request)), out));
  CHECK(out == request);
}

TEST_CASE("later blocks refer to the table that earlier ones filled") {
  hpack_encoder encoder;
  hpack_decoder decoder;
  std::string const first = encoder.encode(request);
  std::string const second = encoder.encode(request);
  CHECK(second.size() < first.size());
  list out;
  REQUIRE(decoder.decode(as_bytes(first), out));
  REQUIRE(decoder.decode(as_bytes(second), out));
  REQUIRE(out.size() == 2 * request.size());  // decode appends
  CHECK(list(out.begin() + static_cast<std::ptrdiff_t>(request.size()), out.end()) == request);

  hpack_decoder stranger;
  CHECK_FALSE(stranger.decode(as_bytes(second), out));
}

TEST_CASE("a block without fields is empty both ways") {
  hpack_encoder encoder;
  hpack_decoder decoder;
  list out;
  CHECK(encoder.encode({}).empty());
  CHECK(decoder.decode({}, out));
  CHECK(out.empty());
}

TEST_CASE("a block that is cut short inside a field is malformed") {
  hpack_encoder encoder;
  list const one{{"x-name", "value"}};
  std::string const block = encoder.encode(one);
  for (std::size_t end = 1; end < block.size(); ++end) {
    INFO(end);
    hpack_decoder decoder;
    list out;
    CHECK_FALSE(decoder.decode(as_bytes(std::string_view{block}.substr(0, end)), out));
  }
}

TEST_CASE("after a malformed block every block is malformed") {
  hpack_encoder encoder;
  hpack_decoder decoder;
  list out;
  CHECK_FALSE(decoder.decode(as_bytes("\xff\xff\xff\xff\xff"), out));  // an index far outside the table
  CHECK_FALSE(decoder.decode(as_bytes(encoder.encode(request)), out));
}

TEST_CASE("an encoder that is moved keeps its table") {
  hpack_encoder encoder;
  hpack_decoder decoder;
  list out;
  REQUIRE(decoder.decode(as_bytes(encoder.encode(request)), out));
  hpack_encoder moved = std::move(encoder);
  hpack_decoder moved_too = std::move(decoder);
  out.clear();
  REQUIRE(moved_too.decode(as_bytes(moved.encode(request)), out));
  CHECK(out == request);
}
