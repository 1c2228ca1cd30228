// SPDX-License-Identifier: Apache-2.0
// Compressed messages of a peer's: never more than the limit comes out, and what is compressed comes back as it was, also
// by a compressor that has just refused something.
#include <sluice/rpc/compressor.hpp>

#include "fuzz/check.hpp"
#include "fuzz/input.hpp"

#include <array>
#include <memory>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

constexpr std::size_t slack = 64 * 1024;  // beside what has come out

void check_hostile(compressor& with, bytes_view from, std::size_t limit) {
  buffer out;
  errc const how = with.decompress(from, out, limit);
  check(how == errc::ok || how == errc::message_too_large || how == errc::malformed_compression,
        "bytes decompress, are too many, or malformed");
  check(how != errc::ok || out.size() <= limit, "no more than the limit comes out");
  check(out.capacity() <= 2 * limit + slack, "memory stays near the limit");
}

void check_round(compressor& with, bytes_view from) {
  buffer small;
  if (!with.compress(from, small)) return;
  buffer out;
  check(with.decompress(small.view(), out, from.size()) == errc::ok, "what was compressed decompresses");
  check(as_text(out.view()) == as_text(from), "it is what it was");
  if (from.empty()) return;
  out.clear();
  check(with.decompress(small.view(), out, from.size() - 1) == errc::message_too_large,
        "a byte above the limit is too many");
  out.clear();
  check(
      with.decompress(small.view().first(small.size() - 1), out, from.size()) == errc::malformed_compression,
      "what is cut off is malformed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  static std::array<std::unique_ptr<compressor>, 3> const all{gzip_compressor(), deflate_compressor(),
                                                              zstd_compressor()};
  input in{bytes, size};
  auto& with = *all[in.below(all.size())];
  constexpr std::size_t limits[]{0, 5, 1000, 100'000};
  std::size_t const limit = in.pick(limits);
  auto const said = as_bytes(in.rest());
  check_hostile(with, said, limit);
  check_round(with, said);
  return 0;
}
