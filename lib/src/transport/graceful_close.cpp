// SPDX-License-Identifier: Apache-2.0
#include "transport/graceful_close.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

namespace sluice::transport {
namespace {

constexpr std::chrono::seconds longest{1};
constexpr std::size_t most_dropped = 1024 * 1024;

/// Owned by its wait for the peer: closing the stream, or the end of the executor's context, lets go of it.
class closing final : public std::enable_shared_from_this<closing>, public io_waiter, private coro::timer {
 public:
  closing(coro::scheduler& where, std::unique_ptr<byte_stream> bytes)
      : scheduler_{where.shared_from_this()}, bytes_{std::move(bytes)} {}

  /// False: it is over.
  bool start(bool waiting) {
    bytes_->shutdown_write();
    scheduler_->start_timer(*this, scheduler_->now() + longest);
    if (!drop()) return false;
    if (!waiting) wait();
    return true;
  }

 private:
  void wait() { bytes_->wait(io_direction::read, shared_from_this()); }
  // False: the stream is closed.
  bool drop() noexcept {
    std::array<std::byte, 16 * 1024> into;  // not the scheduler's: what is read there may be in use
    for (;;) {
      auto const got = bytes_->read(into);
      dropped_ += got.bytes;
      if (got.would_block) return true;
      if (!got.error && !got.end && dropped_ < most_dropped) continue;
      bytes_->close();
      return false;
    }
  }
  void ready(io_direction) noexcept override {
    scheduler_->turn([this] {
      if (drop()) wait();
    });
  }
  void expired() noexcept override { bytes_->close(); }

  std::shared_ptr<coro::scheduler> scheduler_;
  std::unique_ptr<byte_stream> bytes_;
  std::size_t dropped_ = 0;
};

}  // namespace

std::shared_ptr<io_waiter> close_gracefully(coro::scheduler& where, std::unique_ptr<byte_stream> bytes,
                                            bool waiting) {
  if (where.is_over()) {  // nothing is waited for any more
    bytes->close();
    return nullptr;
  }
  auto made = std::make_shared<closing>(where, std::move(bytes));
  return made->start(waiting) && waiting ? made : nullptr;
}

}  // namespace sluice::transport
