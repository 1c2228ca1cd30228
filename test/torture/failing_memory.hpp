// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace torture {

/// operator new of this program: counts, and fails once where it is told to. One thread at a time.
struct memory {
  /// From now on allocations are counted from 1; the `nth` fails with std::bad_alloc, once. 0: none does.
  static void arm(std::size_t nth) noexcept;
  /// Allocations since `arm`; no more are counted.
  static std::size_t disarm() noexcept;
  /// What the test itself allocates while this lives is none of those.
  class pause {
   public:
    pause() noexcept;
    pause(pause const&) = delete;
    pause& operator=(pause const&) = delete;
    ~pause();

   private:
    bool was_armed_;
  };
  [[nodiscard]] static bool failed() noexcept;
  /// Bytes in use.
  [[nodiscard]] static std::size_t in_use() noexcept;
  /// Where the allocation that failed was asked for, to standard error: addresses for addr2line.
  static void print_place() noexcept;
};

}  // namespace torture
