// SPDX-License-Identifier: Apache-2.0
#pragma once

// The service under test. A real one: nothing in it knows that there are tests.

#include "kitchen.sluice.hpp"

#include <sluice/coro/sleep.hpp>

#include <chrono>

class Kitchen final : public kitchen::KitchenService {
 public:
  explicit Kitchen(int pots) : free_{pots} {}

  [[nodiscard]] int free_pots() const { return free_; }

 private:
  /// A pot in use: given back however the handler ends, also when its caller has gone.
  class pot {
   public:
    explicit pot(int& free) : free_{free} { --free_; }
    pot(pot const&) = delete;
    pot& operator=(pot const&) = delete;
    ~pot() { ++free_; }

   private:
    int& free_;
  };

  sluice::task<kitchen::Egg> Boil(kitchen::Order order) override {
    if (free_ == 0) co_return sluice::status{sluice::code::resource_exhausted, "every pot is in use"};
    pot const mine{free_};
    co_await sluice::sleep_for(std::chrono::minutes{order.minutes()});
    kitchen::Egg egg;
    egg.set_hard(order.minutes() >= 8);
    co_return egg;
  }

  int free_;
};
