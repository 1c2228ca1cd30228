// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>
#include <sluice/rpc/compressor.hpp>

#include "support/catch.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <random>
#include <string>

using namespace sluice;

namespace {

constexpr std::size_t no_limit = std::size_t{1} << 31;
constexpr std::size_t mebi = std::size_t{1024} * 1024;

// Each with the three algorithms.
template <class Check>
void for_each_built_in(Check check) {
  compressors const known;
  for (auto const& each : known.entries()) {
    auto const made = each.make();
    INFO(each.name);
    check(*made);
  }
}

std::string pack(compressor& with, std::string_view text) {
  buffer to;
  REQUIRE(with.compress(as_bytes(text), to));
  return std::string{as_text(to.view())};
}

errc unpack(compressor& with, std::string_view packed, std::string& text, std::size_t limit = no_limit) {
  buffer to;
  errc const error = with.decompress(as_bytes(packed), to, limit);
  if (error == errc::ok) text = as_text(to.view());
  return error;
}
errc unpack(compressor& with, std::string_view packed, std::size_t limit = no_limit) {
  std::string text;
  return unpack(with, packed, text, limit);
}

std::string noise(std::size_t size) {
  std::mt19937 random{7};
  std::string text(size, '\0');
  for (auto& each : text) each = static_cast<char>(random());
  return text;
}

std::string words(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text.append("word ").append(std::to_string(i));
  text.resize(size);
  return text;
}

// zlib's own functions: what other implementations send.
std::string zlib_packed(std::string_view text, int window_bits) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
constexpr int zlib_bits = 15, gzip_bits = 16 + 15, raw_bits = -15;

// A frame whose header does not say how much comes out.
std::string zstd_of_unknown_size(std::string_view text) {
  auto* const context = ZSTD_createCCtx();
  std::string out(ZSTD_compressBound(text.size()) + 100, '\0');
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  CHECK(ZSTD_isError(ZSTD_compressStream2(context, &to, &in, ZSTD_e_flush)) == 0);
  REQUIRE(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end) == 0);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  CHECK(ZSTD_getFrameContentSize(out.data(), out.size()) == ZSTD_CONTENTSIZE_UNKNOWN);
  return out;
}

class unnamed final : public compressor {
 public:
  explicit unnamed(std::string name) : name_{std::move(name)} {}
  std::string_view name() const noexcept override { return name_; }
  bool compress(bytes_view, buffer&) override { return false; }
  errc decompress(bytes_view, buffer&, std::size_t) override { return errc::ok; }

 private:
  std::string name_;
};
compressors::factory named(std::string const& name) {
  return [name] { return std::make_unique<unnamed>(name); };
}

}  // namespace

TEST_CASE("what was compressed comes out again, of any size and kind, by one object after another") {
  for_each_built_in([](compressor& with) {
    for (auto const& text : {std::string{}, std::string{"a"}, words(1000), noise(1000), words(3 * mebi),
                             std::string(3 * mebi, '\0'), noise(mebi), std::string{"again"}}) {
      std::string back;
      CHECK(unpack(with, pack(with, text), back) == errc::ok);
      CHECK(back == text);
    }
  });
}

TEST_CASE("text becomes much smaller, and noise hardly larger") {
  for_each_built_in([](compressor& with) {
    CHECK(pack(with, words(100'000)).size() < 40'000);
    CHECK(pack(with, noise(100'000)).size() < 100'100);
  });
}

TEST_CASE("compressed bytes that are cut off anywhere are refused") {
  for_each_built_in([](compressor& with) {
    std::string const packed = pack(with, words(2000) + noise(200));
    for (std::size_t size = 0; size != packed.size(); ++size) {
      INFO(size);
      CHECK(unpack(with, packed.substr(0, size)) == errc::malformed_compression);
    }
    CHECK(unpack(with, packed) == errc::ok);
  });
}

TEST_CASE("anything behind the compressed bytes is refused, a second whole piece too") {
  for_each_built_in([](compressor& with) {
    std::string const packed = pack(with, "hello");
    CHECK(unpack(with, packed + '\0') == errc::malformed_compression);
    CHECK(unpack(with, packed + packed) == errc::malformed_compression);
    CHECK(unpack(with, packed) == errc::ok);
  });
}

TEST_CASE("noise is refused, and the next message is read all the same") {
  for_each_built_in([](compressor& with) {
    std::string const packed = pack(with, words(500));
    for (std::size_t size = 1; size != 300; ++size)
      CHECK(unpack(with, noise(size)) == errc::malformed_compression);
    std::string back;
    CHECK(unpack(with, packed, back) == errc::ok);
    CHECK(back == words(500));
  });
}

TEST_CASE("whatever byte is changed, nothing but an error or as many bytes as allowed come out") {
  for_each_built_in([](compressor& with) {
    std::string const packed = pack(with, words(700));
    for (std::size_t at = 0; at != packed.size(); ++at) {
      for (int bit = 0; bit != 8; ++bit) {
        std::string changed = packed;
        changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
        std::string back;
        errc const error = unpack(with, changed, back, 1000);
        CHECK(
            (error == errc::malformed_compression || error == errc::message_too_large || error == errc::ok));
        CHECK(back.size() <= 1000);
      }
    }
  });
}

TEST_CASE("the limit counts what comes out, to the byte") {
  for_each_built_in([](compressor& with) {
    for (std::size_t const size : {std::size_t{1}, std::size_t{1000}, std::size_t{8192}, mebi}) {
      INFO(size);
      for (auto const& text : {std::string(size, 'x'), noise(size)}) {
        std::string const packed = pack(with, text);
        std::string back;
        CHECK(unpack(with, packed, back, size) == errc::ok);
        CHECK(back == text);
        CHECK(unpack(with, packed, size - 1) == errc::message_too_large);
        CHECK(unpack(with, packed, 0) == errc::message_too_large);
      }
    }
    CHECK(unpack(with, pack(with, ""), 0) == errc::ok);
  });
}

TEST_CASE("gzip and zlib of other hands are read; deflate without zlib's header is none") {
  auto const gzip = gzip_compressor();
  auto const deflate = deflate_compressor();
  std::string back;
  CHECK(unpack(*gzip, zlib_packed("from elsewhere", gzip_bits), back) == errc::ok);
  CHECK(back == "from elsewhere");
  CHECK(unpack(*deflate, zlib_packed("from elsewhere", zlib_bits), back) == errc::ok);
  CHECK(back == "from elsewhere");
  CHECK(unpack(*deflate, zlib_packed("raw", raw_bits)) == errc::malformed_compression);
  CHECK(unpack(*gzip, zlib_packed("the other one", zlib_bits)) == errc::malformed_compression);
  CHECK(unpack(*deflate, zlib_packed("the other one", gzip_bits)) == errc::malformed_compression);
}

TEST_CASE("a gzip trailer that lies about the size is found out") {
  auto const gzip = gzip_compressor();
  std::string const packed = pack(*gzip, words(5000));
  for (unsigned const lie : {0U, 1U, 4999U, 5001U, 100'000U, 0xffffffffU}) {
    INFO(lie);
    std::string changed = packed;
    for (unsigned i = 0; i != 4; ++i) changed[changed.size() - 4 + i] = static_cast<char>(lie >> (8 * i));
    CHECK(unpack(*gzip, changed, mebi) == errc::malformed_compression);
  }
}

TEST_CASE("a zstd frame that does not say its size is read, and held to the limit") {
  auto const zstd = zstd_compressor();
  for (std::size_t const size : {std::size_t{0}, std::size_t{10}, mebi}) {
    for (auto const& text : {std::string(size, 'x'), words(size), noise(size)}) {
      std::string const packed = zstd_of_unknown_size(text);
      std::string back;
      CHECK(unpack(*zstd, packed, back, size) == errc::ok);
      CHECK(back == text);
      if (size != 0) CHECK(unpack(*zstd, packed, size - 1) == errc::message_too_large);
    }
  }
}

TEST_CASE("a zstd frame that wants a dictionary, or a window of gigabytes, costs nothing") {
  auto const zstd = zstd_compressor();
  std::string const magic = "\x28\xb5\x2f\xfd";
  std::string const dictionary = magic + '\x21' + '\x07' + '\x01' + std::string("\x09\0\0", 3) + "x";
  CHECK(unpack(*zstd, dictionary) == errc::malformed_compression);
  std::string const window = magic + std::string("\0\xff", 2) + std::string("\x09\0\0", 3) + "x";
  CHECK(unpack(*zstd, window, 100) != errc::message_too_large);
}

TEST_CASE("a registry has gzip, deflate and zstd, and what is added to it") {
  compressors known;
  CHECK(known.contains("gzip"));
  CHECK(known.contains("deflate"));
  CHECK(known.contains("zstd"));
  CHECK_FALSE(known.contains("mine"));
  CHECK(compressors{}.add(named("mine")).contains("mine"));
  CHECK_FALSE(compressors{}.remove("gzip").contains("gzip"));
  CHECK(compressors::none().entries().empty());
  known.add([] { return gzip_compressor(9); });
  CHECK(known.entries().size() == 3);
}

TEST_CASE("a registry refuses what has no name that could travel") {
  for (auto const* const name : {"", "identity", "Upper", "with space", "comma,", "new\nline", "\xc3\xa9",
                                 "much-longer-than-any-algorithm-is"})
    CHECK_THROWS_AS(compressors{}.add(named(name)), status_error);
  CHECK_THROWS_AS(compressors{}.add({}), status_error);
  CHECK_THROWS_AS(compressors{}.add([] { return nullptr; }), status_error);
  compressors known;
  for (int i = 3; i != 32; ++i) known.add(named("n" + std::to_string(i)));
  CHECK_THROWS_AS(known.add(named("one-too-many")), status_error);
  known.add(named("n5"));
}
