// SPDX-License-Identifier: Apache-2.0
#include <sluice/rpc/compressor.hpp>

#include "support/catch.hpp"
#include "unit/net/allocation_count.hpp"

#if SLUICE_COUNTS_ALLOCATIONS

#include <malloc.h>

#include <cstdlib>
#include <new>
#include <string>

// Counts what the program holds by operator new, and the most that it held: this program's, for its whole life.
namespace {

std::size_t held = 0;
std::size_t most_held = 0;

}  // namespace

void* operator new(std::size_t size) {
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc{};
  held += malloc_usable_size(block);
  if (held > most_held) most_held = held;
  return block;
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  try {
    return operator new(size);
  } catch (std::bad_alloc const&) { return nullptr; }
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  held -= malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

using namespace sluice;

namespace {

std::string packed_zeros(compressor& with, std::size_t count) {
  buffer to;
  REQUIRE(with.compress(as_bytes(std::string(count, '\0')), to));
  return std::string{as_text(to.view())};
}

}  // namespace

TEST_CASE("a bomb takes no more memory than the limit and 64 KiB") {
  constexpr std::size_t limit = std::size_t{1024} * 1024;
  compressors const known;
  for (auto const& each : known.entries()) {
    INFO(each.name);
    auto const with = each.make();
    std::string const bomb = packed_zeros(*with, 32 * limit);
    CHECK(bomb.size() < 32 * limit / 900);
    std::string const harmless = packed_zeros(*with, limit);
    for (auto const* const packed : {&bomb, &harmless}) {
      std::size_t const before = held;
      most_held = held;
      buffer to;
      errc const error = with->decompress(as_bytes(*packed), to, limit);
      CHECK(error == (packed == &bomb ? errc::message_too_large : errc::ok));
      CHECK(most_held - before <= limit + std::size_t{64} * 1024);
    }
  }
}

#endif
