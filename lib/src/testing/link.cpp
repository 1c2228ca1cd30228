// SPDX-License-Identifier: Apache-2.0
#include "testing/link.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <system_error>

namespace sluice::testing {
namespace {

// What each line of the trace is about.
enum event : std::uint64_t { moved = 1, broke, ended, silent, closed };

io_result failed(std::errc why) {
  io_result result;
  result.error = std::make_error_code(why);
  return result;
}
io_result blocked() {
  io_result result;
  result.would_block = true;
  return result;
}

}  // namespace

class link::end final : public byte_stream {
 public:
  end(std::shared_ptr<link> of, std::size_t index) : link_{std::move(of)}, index_{index} {}
  ~end() override { close(); }

  io_result read(std::span<std::byte> into) noexcept override { return link_->read(index_, into); }
  io_result write(std::span<bytes_view const> pieces) noexcept override {
    return link_->write(index_, pieces);
  }
  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    link_->wait(index_, direction, std::move(waiter));
  }
  void shutdown_write() noexcept override {
    link_->lanes_[index_].writer_ended = true;
    link_->schedule(index_);
  }
  void close() noexcept override { link_->close(index_); }
  std::string peer() const override { return link_->ends_[1 - index_].name; }
  std::string local() const override { return link_->ends_[index_].name; }

 private:
  std::shared_ptr<link> link_;
  std::size_t index_;
};

link::link(simulation& in, std::uint64_t id, std::string server) : in_{in}, id_{id}, meddler_{in} {
  ends_[0].name = "world:client" + std::to_string(id);
  ends_[1].name = "world:" + server;
  for (std::size_t i = 0; i != 2; ++i) {
    auto const connect = [&](call_later& timer, void (link::*what)(std::size_t)) {
      timer.of = this;
      timer.what = what;
      timer.index = i;
    };
    connect(lanes_[i].transport, &link::move);
    connect(lanes_[i].tell, &link::tell_late);
    connect(lanes_[i].restore, &link::restore);
    connect(lanes_[i].silence, &link::break_now);
  }
  draw_faults();
}

void link::draw_faults() {
  auto& random = in_.random;
  auto const& faults = in_.faults;
  capacity_ = faults.max_capacity;
  if (capacity_ < world_faults{}.max_capacity)
    capacity_ = random.chance(0.1) ? 1 : random.between(capacity_ / 8, capacity_);
  capacity_ = std::max<std::size_t>(capacity_, 1);
  // Early bytes are where a connection is most fragile; late ones are in the middle of calls.
  auto const somewhere = [&random] { return random.skewed(std::uint64_t{256} * 1024); };
  if (random.chance(faults.reset)) lanes_[random.below(2)].reset_at = somewhere();
  if (random.chance(faults.half_close)) lanes_[random.below(2)].end_at = somewhere();
  if (random.chance(faults.blackhole)) lanes_[random.below(2)].silent_at = somewhere();
  for (auto& each : lanes_) each.slow = random.chance(faults.slow);
}

std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> link::ends() {
  return {std::make_unique<end>(shared_from_this(), 0), std::make_unique<end>(shared_from_this(), 1)};
}

std::size_t link::piece(std::size_t bytes) {
  if (bytes < 2 || !in_.random.chance(in_.faults.split)) return bytes;
  return 1 + static_cast<std::size_t>(in_.random.below(std::min<std::size_t>(bytes, 16)));
}

time_point link::some_time(duration longest) {
  auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  return in_.scheduler->now() + std::chrono::milliseconds{in_.random.between(
                                    1, static_cast<std::uint64_t>(std::max<decltype(ms)>(ms, 1)))};
}

// ---- the ends --------------------------------------------------------------------------------------------------------

io_result link::read(std::size_t end, std::span<std::byte> into) {
  lane& from = lanes_[1 - end];
  if (ends_[end].closed) return failed(std::errc::bad_file_descriptor);
  if (into.empty()) return {};
  io_result result;
  if (!from.arrived.empty()) {
    result.bytes = piece(std::min(into.size(), from.arrived.size()));
    std::copy_n(from.arrived.data(), result.bytes, into.begin());
    from.arrived.consume(result.bytes);
    schedule(1 - end);
    return result;
  }
  if (broken_) return failed(std::errc::connection_reset);
  if (!from.ended) return blocked();
  result.end = true;
  return result;
}

io_result link::write(std::size_t end, std::span<bytes_view const> pieces) {
  lane& to = lanes_[end];
  if (ends_[end].closed) return failed(std::errc::bad_file_descriptor);
  if (broken_) return failed(std::errc::connection_reset);
  if (to.writer_ended) return failed(std::errc::broken_pipe);
  std::size_t offered = 0;
  for (auto const each : pieces) offered += each.size();
  auto room = std::min(capacity_ - std::min(capacity_, to.sent.size()), piece(offered));
  io_result result;
  for (auto const each : pieces) {
    auto const part = each.first(std::min(each.size(), room));
    to.sent.append(part);
    result.bytes += part.size();
    room -= part.size();
  }
  if (offered != 0 && result.bytes == 0) return blocked();
  schedule(end);
  return result;
}

void link::wait(std::size_t end, io_direction direction, std::shared_ptr<io_waiter> waiter) {
  if (ends_[end].closed) return;
  ends_[end].waiting[static_cast<std::size_t>(direction)] = std::move(waiter);
  wake(end, direction);
}

void link::close(std::size_t end) {
  if (std::exchange(ends_[end].closed, true)) return;
  in_.record(closed, id_ * 2 + end,
             [&] { return "link " + std::to_string(id_) + ": " + ends_[end].name + " closed"; });
  lanes_[end].writer_ended = true;
  // As TCP does it: what has come and was not read turns the close into a reset.
  if (!lanes_[1 - end].arrived.empty() || !lanes_[1 - end].sent.empty()) break_now(end);
  else schedule(end);
  // Freeing a waiter may free what owns this end: last.
  auto const dropped = std::exchange(ends_[end].waiting, {});
}

void link::drop_waiters() noexcept {
  auto const keep = shared_from_this();
  for (auto& each : ends_) auto const dropped = std::exchange(each.waiting, {});
}

// ---- readiness -------------------------------------------------------------------------------------------------------

bool link::ready(std::size_t end, io_direction direction) const noexcept {
  if (broken_) return true;
  if (direction == io_direction::read) return !lanes_[1 - end].arrived.empty() || lanes_[1 - end].ended;
  return lanes_[end].writer_ended || lanes_[end].sent.size() < capacity_;
}

void link::wake(std::size_t end, io_direction direction) {
  if (!ends_[end].waiting[static_cast<std::size_t>(direction)] || !ready(end, direction)) return;
  auto& told = lanes_[1 - end].tell;
  if (direction == io_direction::read && (lanes_[1 - end].slow || in_.random.chance(in_.faults.delay))) {
    if (!told.linked()) in_.scheduler->start_timer(told, some_time(in_.faults.max_delay));
    return;
  }
  post_ready(end, direction, in_.faults.reorder > 0 ? in_.random.below(4) : 0);
}

// A waiter is taken when its turn comes, so that a close in between drops it. More hops: others come first.
void link::post_ready(std::size_t end, io_direction direction, std::uint64_t hops) {
  asio::post(in_.executor, [self = shared_from_this(), end, direction, hops] {
    if (hops != 0) return self->post_ready(end, direction, hops - 1);
    auto& slot = self->ends_[end].waiting[static_cast<std::size_t>(direction)];
    if (!slot || !self->ready(end, direction)) return;
    auto const waiter = std::exchange(slot, nullptr);
    waiter->ready(direction);
  });
}

// ---- the way between -------------------------------------------------------------------------------------------------

void link::schedule(std::size_t index) {
  lane& on = lanes_[index];
  if (broken_ || on.moving) return;
  bool const last = on.writer_ended && !on.ended && on.moved < on.silent_at;
  if (on.sent.empty() && !last && !meddler_.wants_to_speak(index)) return;
  on.moving = true;
  if (in_.random.chance(in_.faults.delay))
    return in_.scheduler->start_timer(on.transport, some_time(in_.faults.max_delay));
  asio::post(in_.executor, [self = shared_from_this(), index] { self->move(index); });
}

void link::move(std::size_t index) {
  lane& on = lanes_[index];
  on.moving = false;
  if (broken_) return;
  bool const deaf = ends_[1 - index].closed;
  auto const room = capacity_ - std::min(capacity_, on.arrived.size());
  if (room == 0 && !deaf) return;  // the reader's next read goes on
  auto const count = cut(index, piece(deaf ? on.sent.size() : std::min(on.sent.size(), room)));
  auto const bytes = on.sent.view().first(count);
  if (deaf && count != 0) return break_now(index);
  if (on.moved < on.silent_at) {
    if (count != 0) {
      in_.record(moved, id_ << 32U | index << 31U | count, [&] {
        return "link " + std::to_string(id_) + (index == 0 ? " -> " : " <- ") + std::to_string(count) +
               " bytes";
      });
      in_.mix(bytes);
    }
    meddler_.pass(index, bytes, on.arrived);
    meddler_.speak(index, on.arrived);
    if (meddler_.owes(index) && !on.restore.linked())
      in_.scheduler->start_timer(on.restore, some_time(std::chrono::seconds{2}));
  }
  on.sent.consume(count);
  on.moved += count;
  apply_cuts(index);
  if (broken_) return;
  if (on.sent.empty() && on.writer_ended && on.moved < on.silent_at) on.ended = true;
  wake(1 - index, io_direction::read);
  wake(index, io_direction::write);
  for (std::size_t const each : {index, 1 - index}) schedule(each);
}

std::size_t link::cut(std::size_t index, std::size_t bytes) const noexcept {
  lane const& on = lanes_[index];
  for (auto const at : {on.reset_at, on.end_at, on.silent_at})
    if (at > on.moved) bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, at - on.moved));
  return bytes;
}

void link::apply_cuts(std::size_t index) {
  lane& on = lanes_[index];
  auto const text = [&](char const* what) {
    return [this, what, index] {
      return "link " + std::to_string(id_) + (index == 0 ? " -> " : " <- ") + what + " at byte " +
             std::to_string(lanes_[index].moved);
    };
  };
  if (on.moved >= on.reset_at) return break_now(index);
  if (on.moved >= on.end_at && !on.writer_ended) {
    in_.record(ended, id_ * 2 + index, text("ends"));
    on.writer_ended = true;
    on.sent.clear();
  }
  if (on.moved >= on.silent_at && !on.silence.linked()) {
    in_.record(silent, id_ * 2 + index, text("falls silent"));
    in_.scheduler->start_timer(on.silence, some_time(in_.faults.max_silence));
  }
}

void link::break_now(std::size_t) {
  if (std::exchange(broken_, true)) return;
  in_.record(broke, id_, [&] { return "link " + std::to_string(id_) + " broke"; });
  bool const at_once = in_.random.chance(0.5);  // or what has arrived is still read
  for (auto& each : lanes_) {
    each.sent.clear();
    if (at_once) each.arrived.clear();
    for (auto* const timer : {&each.transport, &each.restore, &each.silence})
      in_.scheduler->timers().cancel(*timer);
  }
  for (std::size_t const end : {0U, 1U})
    for (auto const direction : {io_direction::read, io_direction::write}) wake(end, direction);
}

void link::restore(std::size_t index) {
  meddler_.give_back(index);
  schedule(index);
}

void link::heal() {
  for (std::size_t const index : {0U, 1U}) {
    lane& on = lanes_[index];
    if (on.silence.linked()) return break_now(index);
    on.reset_at = on.end_at = on.silent_at = never;
    on.slow = false;
    restore(index);
    for (auto const direction : {io_direction::read, io_direction::write}) wake(index, direction);
  }
}

void link::at_rest() {
  bool const quiet = std::all_of(lanes_.begin(), lanes_.end(), [](lane const& each) {
    return each.sent.empty() && each.arrived.empty() && !each.ended && each.moved < each.silent_at;
  });
  if (quiet && !broken_ && !ends_[0].closed && !ends_[1].closed) meddler_.at_rest();
}

}  // namespace sluice::testing
