// SPDX-License-Identifier: Apache-2.0
#include "rpc/message_coding.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstring>
#include <string>

using namespace sluice;
using coding::compressor_set;
using coding::message_coding;

namespace {

/// Compresses nothing: what it gives says what it was asked.
class told final : public compressor {
 public:
  std::string_view name() const noexcept override { return "told"; }
  bool compress(bytes_view from, buffer& to) override {
    if (as_text(from) == "refuse") return false;
    to.append(as_bytes(from.size() > 8 ? "short" : "somewhat longer"));
    return true;
  }
  errc decompress(bytes_view, buffer& to, std::size_t) override {
    to.append(as_bytes("more than the limit"));
    return errc::ok;
  }
};

struct one_call {
  /// What a message becomes, with the flag in front; "=" when it is not taken by the coding at all.
  std::string sends(std::string_view text) {
    if (!coding.wants(text.size())) return "=";
    auto const room = coding.begin(text.size());
    CHECK(room.data() != nullptr);
    CHECK(room.size() == text.size());
    if (!text.empty()) std::memcpy(room.data(), text.data(), text.size());
    CHECK(coding.begun());
    auto const [bytes, compressed] = coding.end();
    CHECK_FALSE(coding.begun());
    std::string const sent = (compressed ? "1" : "0") + std::string{as_text(bytes)};
    coding.written();
    return sent;
  }
  compressor_set set{compressors{}.add([] { return std::make_unique<told>(); })};
  message_coding coding{set};
};

}  // namespace

TEST_CASE("without a compressor messages are left alone") {
  one_call call;
  CHECK(call.sends("any text at all") == "=");
  CHECK(call.coding.encoding().empty());
  call.coding.set_mode(compression_mode::always);
  CHECK(call.sends("any text at all") == "=");
}

TEST_CASE("a message is compressed from the minimum size on, and if it becomes smaller") {
  one_call call;
  call.coding.encode_with(call.set.find("told"), 4);
  CHECK(call.coding.encoding() == "told");
  CHECK(call.sends("abc") == "=");
  CHECK(call.sends("abcd") == "0abcd");
  CHECK(call.sends("long enough") == "1short");
  CHECK(call.sends("refuse") == "0refuse");
}

TEST_CASE("always and never are meant so") {
  one_call call;
  call.coding.encode_with(call.set.find("told"), 1000);
  CHECK(call.coding.set_mode(compression_mode::always) == compression_mode::when_smaller);
  CHECK(call.sends("") == "1somewhat longer");
  CHECK(call.sends("refuse") == "0refuse");
  CHECK(call.coding.set_mode(compression_mode::never) == compression_mode::always);
  CHECK(call.sends(std::string(5000, 'x')) == "=");
}

TEST_CASE("a received message is replaced by what it was made of, when it came compressed") {
  one_call call;
  call.coding.decode_with(*call.set.find("gzip"), 100);
  buffer packed;
  REQUIRE(call.set.find("gzip")->compress(as_bytes("hello"), packed));
  bytes_view message = packed.view();
  CHECK(call.coding.take(message, true) == errc::ok);
  CHECK(as_text(message) == "hello");
  CHECK(call.coding.taken_compressed());
  message = as_bytes("as it is");
  CHECK(call.coding.take(message, false) == errc::ok);
  CHECK(as_text(message) == "as it is");
  CHECK_FALSE(call.coding.taken_compressed());
  message = packed.view().first(7);
  CHECK(call.coding.take(message, true) == errc::malformed_compression);
}

TEST_CASE("a user's compressor does not get round the limit") {
  one_call call;
  call.coding.decode_with(*call.set.find("told"), 5);
  bytes_view message = as_bytes("x");
  CHECK(call.coding.take(message, true) == errc::message_too_large);
}
