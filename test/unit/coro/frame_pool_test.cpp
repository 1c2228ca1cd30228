// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/frame_pool.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

using sluice::coro::allocate_frame;
using sluice::coro::deallocate_frame;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pools = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pools = false;
#else
constexpr bool pools = true;
#endif
#else
constexpr bool pools = true;
#endif

}  // namespace

TEST_CASE("every size has memory of its own, aligned for any object", "[frame_pool]") {
  std::vector<std::pair<void*, std::size_t>> frames;
  for (std::size_t size = 1; size < 9000; size += 61) {
    void* const frame = allocate_frame(size);
    CHECK(reinterpret_cast<std::uintptr_t>(frame) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0);
    std::memset(frame, static_cast<int>(size & 0xff), size);
    frames.emplace_back(frame, size);
  }
  for (auto const& [frame, size] : frames) {
    auto const* const bytes = static_cast<unsigned char const*>(frame);
    CHECK(bytes[0] == (size & 0xff));
    CHECK(bytes[size - 1] == (size & 0xff));
    deallocate_frame(frame, size);
  }
}

TEST_CASE("a frame of the same size class is used again", "[frame_pool]") {
  if (!pools) return;  // under AddressSanitizer each frame is new, so that it is seen
  void* const first = allocate_frame(200);
  deallocate_frame(first, 200);
  void* const second = allocate_frame(193);  // the class of 193 to 256 bytes
  CHECK(second == first);
  void* const other_class = allocate_frame(257);
  CHECK(other_class != second);
  deallocate_frame(second, 193);
  deallocate_frame(other_class, 257);
}

TEST_CASE("the pool keeps a bounded amount and gives a burst back", "[frame_pool]") {
  std::vector<void*> burst;
  for (int i = 0; i != 2000; ++i) burst.push_back(allocate_frame(4096));
  for (void* frame : burst) deallocate_frame(frame, 4096);
  // What was given back is usable, and none of it is handed out twice.
  std::set<void*> distinct;
  for (int i = 0; i != 2000; ++i) distinct.insert(allocate_frame(4096));
  CHECK(distinct.size() == 2000);
  for (void* frame : distinct) deallocate_frame(frame, 4096);
}

TEST_CASE("a frame may be freed on another thread, and threads keep apart", "[frame_pool]") {
  std::vector<void*> frames;
  for (int i = 0; i != 100; ++i) frames.push_back(allocate_frame(128));
  std::thread other{[&] {
    for (void* frame : frames) deallocate_frame(frame, 128);
    frames.clear();
    for (int i = 0; i != 100; ++i) frames.push_back(allocate_frame(128));
  }};
  other.join();  // its lists are freed with it, and what it handed out lives on
  for (void* frame : frames) {
    std::memset(frame, 1, 128);
    deallocate_frame(frame, 128);
  }
}

namespace {
struct frees_late {
  ~frees_late() {
    if (frame != nullptr) deallocate_frame(frame, 64);
  }
  void* frame = nullptr;
};
thread_local frees_late late;
}  // namespace

TEST_CASE("a frame that outlives its thread's lists is freed", "[frame_pool]") {
  std::thread other{[] {
    late.frame = nullptr;  // constructed before the lists of this thread, so destroyed after them
    late.frame = allocate_frame(64);
  }};
  other.join();
}
