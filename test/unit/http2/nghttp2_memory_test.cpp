// SPDX-License-Identifier: Apache-2.0
#include "http2/nghttp2_memory.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

using sluice::http2::pooled_memory;

namespace {

constexpr std::size_t size = 200;

unsigned char* bytes(void* memory) { return static_cast<unsigned char*>(memory); }

}  // namespace

TEST_CASE("memory for nghttp2 is aligned for anything") {
  auto const* const pool = pooled_memory();
  for (std::size_t const wanted : {1U, 7U, 100U, 5000U, 1'000'000U}) {
    void* const memory = pool->malloc(wanted, pool->mem_user_data);
    REQUIRE(memory != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignof(std::max_align_t) == 0);
    std::fill_n(bytes(memory), wanted, static_cast<unsigned char>(0xee));
    pool->free(memory, pool->mem_user_data);
  }
}

TEST_CASE("zeroed memory is zero also when it was used before") {
  auto const* const pool = pooled_memory();
  void* const used = pool->malloc(size, pool->mem_user_data);
  REQUIRE(used != nullptr);
  std::fill_n(bytes(used), size, static_cast<unsigned char>(0xee));
  pool->free(used, pool->mem_user_data);
  void* const zeroed = pool->calloc(size / 4, 4, pool->mem_user_data);
  REQUIRE(zeroed != nullptr);
  CHECK(std::count(bytes(zeroed), bytes(zeroed) + size, 0) == size);
  pool->free(zeroed, pool->mem_user_data);
}

TEST_CASE("memory that is resized keeps its content, as far as it fits") {
  auto const* const pool = pooled_memory();
  void* memory = pool->realloc(nullptr, 10, pool->mem_user_data);
  REQUIRE(memory != nullptr);
  std::copy_n("0123456789", 10, bytes(memory));
  for (std::size_t const wanted : {1000U, 100'000U, 4U}) {
    memory = pool->realloc(memory, wanted, pool->mem_user_data);
    REQUIRE(memory != nullptr);
    CHECK(std::equal(bytes(memory), bytes(memory) + std::min<std::size_t>(wanted, 10), "0123456789"));
  }
  pool->free(memory, pool->mem_user_data);
}

TEST_CASE("a count times a size that overflows gives nothing, and freeing nothing is fine") {
  auto const* const pool = pooled_memory();
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(pool->calloc(most / 4 + 2, 4, pool->mem_user_data) == nullptr);  // 4 bytes, if it wrapped around
  pool->free(nullptr, pool->mem_user_data);
}
