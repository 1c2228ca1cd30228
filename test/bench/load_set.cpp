// SPDX-License-Identifier: Apache-2.0
#include "load_set.hpp"

#include <numeric>

namespace bench {

std::unique_ptr<load_connection> load_set::connect() {
  auto made = std::make_unique<load_connection>(options_, budget_, tls_, connected_++);
  made->flush();
  return made;
}

bool load_set::turn(std::chrono::nanoseconds at_most) {
  polled_.resize(all_.size());
  for (std::size_t i = 0; i < all_.size(); ++i)
    polled_[i] = {all_[i]->socket(),
                  static_cast<short>(all_[i]->wants_to_write() ? POLLIN | POLLOUT : POLLIN), 0};
  timespec const wait{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
  if (::ppoll(polled_.data(), polled_.size(), &wait, nullptr) <= 0) return false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    if (polled_[i].revents != POLLOUT) all_[i]->on_readable();
    all_[i]->fill();
    all_[i]->flush();
  }
  return true;
}

void load_set::turn() {
  if (!turn(std::chrono::seconds{10})) fail("no reply within 10 seconds");
}

void load_set::wait_until_ready() {
  for (auto& each : all_) {
    while (!each->ready()) turn();
  }
}

void load_set::open() {
  constexpr std::size_t at_once = 500;  // fewer than any server's queue has room for
  for (unsigned i = 0; i < options_.connections; ++i) {
    all_.push_back(connect());
    if (all_.size() % at_once == 0) wait_until_ready();
  }
  wait_until_ready();
}

void load_set::hold(unsigned count) {
  auto const each_begins = [this](std::uint64_t calls, auto begin) {
    budget_.to_start = 0;
    budget_.to_finish = all_.size() * calls;
    for (auto& each : all_) {
      begin(*each);
      each->flush();
    }
    while (budget_.to_finish > 0) turn();
  };
  each_begins(1, [](load_connection& on) { on.begin_call(); });
  each_begins(count, [count](load_connection& on) { on.hold(count); });
}

void load_set::make_calls(std::uint64_t calls) {
  budget_.to_start = budget_.to_finish = calls;
  for (auto& each : all_) {
    each->fill();
    each->flush();
  }
  while (budget_.to_finish > 0) turn();
}

void load_set::make_connections(std::uint64_t calls) {
  budget_.to_start = budget_.to_finish = calls;
  auto to_connect = calls;
  while (budget_.to_finish > 0) {
    std::erase_if(all_, [](auto const& each) { return each->has_made_its_call(); });
    for (; all_.size() < options_.connections && to_connect > 0; --to_connect) all_.push_back(connect());
    turn();
  }
  all_.clear();
}

std::uint64_t load_set::received() const {
  return std::accumulate(all_.begin(), all_.end(), std::uint64_t{0},
                         [](auto sum, auto const& each) { return sum + each->received(); });
}

void load_set::check() const {
  for (auto const& each : all_) each->check_total();
}

}  // namespace bench
