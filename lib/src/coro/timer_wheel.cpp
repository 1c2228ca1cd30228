// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/timer_wheel.hpp>

#include <bit>
#include <chrono>
#include <utility>

namespace sluice::coro {
namespace {
constexpr auto tick = std::chrono::milliseconds{1};
}

std::uint64_t timer_wheel::tick_at(time_point at, bool round_up) const noexcept {
  if (at <= start_) return 0;
  auto const since = at - start_;
  auto const whole = static_cast<std::uint64_t>(since / tick);
  return round_up && since % tick != duration::zero() ? whole + 1 : whole;
}

void timer_wheel::add(timer& node, time_point at) noexcept {
  cancel(node);
  node.tick_ = tick_at(at, true);
  if (node.tick_ <= now_) node.tick_ = now_ + 1;  // this tick has fired: the next one
  node.wheel_ = this;
  place(node);
  ++count_;
}

void timer_wheel::cancel(timer& node) noexcept {
  if (!node.linked()) return;
  node.unlink();
  --count_;
}

void timer_wheel::place(timer& node) noexcept {
  // The level is where the tick first differs from now: within it, the slot is reached before the hand comes around.
  std::uint64_t const differs = node.tick_ ^ now_;
  unsigned level = differs == 0 ? 0 : static_cast<unsigned>(std::bit_width(differs) - 1) / bits;
  std::uint64_t tick = node.tick_;
  if (level >= levels) {
    // Beyond the top level's round: in the next one if that is near, else as far as it goes, then placed again.
    level = levels - 1;
    std::uint64_t const farthest = now_ + (std::uint64_t{slots - 1} << (bits * level));
    if (tick > farthest) tick = farthest;
  }
  auto const slot = static_cast<unsigned>(tick >> (bits * level)) & (slots - 1);
  node.level_ = static_cast<std::uint8_t>(level);
  node.slot_ = static_cast<std::uint8_t>(slot);
  level_[level].slot[slot].push_back(node);
  level_[level].occupied |= std::uint64_t{1} << slot;
}

void timer_wheel::cascade(unsigned level) noexcept {
  auto const slot = static_cast<unsigned>(now_ >> (bits * level)) & (slots - 1);
  auto& where = level_[level];
  where.occupied &= ~(std::uint64_t{1} << slot);
  intrusive_list<timer> moved;
  moved.take_all(where.slot[slot]);
  while (!moved.empty()) place(moved.pop_front());
}

void timer_wheel::restart(time_point now) noexcept {
  intrusive_list<timer> all;
  for (auto& each : level_) {
    for (auto& slot : each.slot) all.take_all(slot);
    each.occupied = 0;
  }
  std::uint64_t const last = tick_at(time_point::max(), false);
  time_point const before = std::exchange(start_, now);
  now_ = 0;
  while (!all.empty()) {
    timer& node = all.pop_front();
    // The end of time was rounded up to a tick beyond it.
    auto const at =
        node.tick_ > last ? time_point::max() : before + tick * static_cast<std::int64_t>(node.tick_);
    node.tick_ = tick_at(at, true);
    if (node.tick_ == 0) node.tick_ = 1;
    place(node);
  }
}

void timer_wheel::advance(time_point now) noexcept {
  std::uint64_t const target = tick_at(now, false);
  while (now_ < target) {
    if (count_ == 0) {
      now_ = target;
      return;
    }
    // Skip to the next tick where something can happen: an occupied slot of level 0, or the end of its round.
    auto const position = static_cast<unsigned>(now_ & (slots - 1));
    std::uint64_t const ahead = position + 1 < slots ? level_[0].occupied >> (position + 1) : 0;
    std::uint64_t const step =
        ahead != 0 ? static_cast<unsigned>(std::countr_zero(ahead)) + 1U : slots - position;
    if (now_ + step > target) {
      now_ = target;
      return;
    }
    now_ += step;
    for (unsigned level = levels - 1; level >= 1; --level)
      if ((now_ & ((std::uint64_t{1} << (bits * level)) - 1)) == 0) cascade(level);

    auto const slot = static_cast<unsigned>(now_ & (slots - 1));
    level_[0].occupied &= ~(std::uint64_t{1} << slot);
    intrusive_list<timer> due;
    due.take_all(level_[0].slot[slot]);
    while (!due.empty()) {
      timer& node = due.pop_front();
      if (node.tick_ > now_) {  // was beyond the wheel
        place(node);
        continue;
      }
      --count_;
      node.expired();
    }
  }
}

std::optional<time_point> timer_wheel::next_expiry() const noexcept {
  if (count_ == 0) return std::nullopt;
  for (unsigned level = 0; level != levels; ++level) {
    auto const& where = level_[level];
    auto const hand = static_cast<unsigned>(now_ >> (bits * level)) & (slots - 1);
    std::uint64_t const base = (now_ >> (bits * level)) - hand;
    for (std::uint64_t left = where.occupied; left != 0; left &= left - 1) {
      auto const slot = static_cast<unsigned>(std::countr_zero(left));
      if (where.slot[slot].empty()) continue;  // a stale bit: everything there was cancelled
      std::uint64_t const round = slot > hand ? base + slot : base + slots + slot;
      // Slots behind the hand belong to the next round, and later ones may be nearer only within this level.
      std::uint64_t nearest = round;
      for (std::uint64_t rest = left & (left - 1); rest != 0; rest &= rest - 1) {
        auto const other = static_cast<unsigned>(std::countr_zero(rest));
        if (where.slot[other].empty()) continue;
        std::uint64_t const when = other > hand ? base + other : base + slots + other;
        if (when < nearest) nearest = when;
      }
      return start_ + tick * static_cast<std::int64_t>(nearest << (bits * level));
    }
  }
  return start_ + tick * static_cast<std::int64_t>(now_ + 1);
}

}  // namespace sluice::coro
