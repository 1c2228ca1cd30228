// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "net/time_source.hpp"

namespace sluice::test {

/// Time that passes when the test says so.
class manual_time final : public net::time_source {
 public:
  time_point now() const noexcept override { return shared_->now; }

  std::unique_ptr<net::timer> make_timer(net::asio::any_io_executor const&) override {
    return std::make_unique<manual_timer>(shared_);
  }

  /// Moves the time, firing what falls due, in order.
  void advance(duration by) {
    auto const end = shared_->now + by;
    while (auto const next = earliest(end)) {
      shared_->now = std::max(shared_->now, next->at);
      auto const fire = std::exchange(next->fire, nullptr);
      fire();
    }
    shared_->now = end;
  }
  /// How long until the earliest timer; duration::max() when none is armed.
  [[nodiscard]] duration next() const {
    auto const entry = earliest(time_point::max());
    return entry ? entry->at - shared_->now : duration::max();
  }
  [[nodiscard]] std::size_t armed() const {
    return static_cast<std::size_t>(std::count_if(shared_->entries.begin(), shared_->entries.end(),
                                                  [](auto const& e) { return e->fire != nullptr; }));
  }

 private:
  struct entry {
    time_point at;
    std::function<void()> fire;
  };
  struct shared {
    time_point now{std::chrono::hours{1}};
    std::vector<std::shared_ptr<entry>> entries;
  };
  class manual_timer final : public net::timer {
   public:
    explicit manual_timer(std::shared_ptr<shared> s)
        : shared_{std::move(s)}, entry_{std::make_shared<entry>()} {
      shared_->entries.push_back(entry_);
    }
    ~manual_timer() override { std::erase(shared_->entries, entry_); }
    void start(duration after, std::function<void()> fire) override {
      entry_->at = shared_->now + after;
      entry_->fire = std::move(fire);
    }
    void cancel() noexcept override { entry_->fire = nullptr; }

   private:
    std::shared_ptr<shared> shared_;
    std::shared_ptr<entry> entry_;
  };

  [[nodiscard]] std::shared_ptr<entry> earliest(time_point until) const {
    std::shared_ptr<entry> found;
    for (auto const& each : shared_->entries)
      if (each->fire && each->at <= until && (!found || each->at < found->at)) found = each;
    return found;
  }

  std::shared_ptr<shared> shared_ = std::make_shared<shared>();
};

}  // namespace sluice::test
