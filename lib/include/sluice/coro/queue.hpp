// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/waiter.hpp>

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {
namespace coro {
struct queue_waiters;
}

/// A bounded first-in-first-out queue between tasks: `push` waits for room, `pop` for an item.
///
///   co_await notes.push(note);                          // waits while the queue is full
///   while (auto note = co_await notes.pop()) use(*note); // nothing: closed and empty
///
/// A capacity of zero makes each push wait for its pop.
///
/// Concurrency: one strand, no locks; any number of pushers and poppers, served in order.
/// Lifetime: outlives its waiters. Destroying it drops its items.
template <class T>
class queue {
 public:
  explicit queue(std::size_t capacity = std::numeric_limits<std::size_t>::max()) noexcept
      : capacity_{capacity} {}
  queue(queue const&) = delete;
  queue& operator=(queue const&) = delete;

  class pop_awaiter final : private coro::waiter, private coro::list_hook<coro::queue_waiters> {
   public:
    explicit pop_awaiter(queue& from) noexcept : queue_{from} {}
    [[nodiscard]] bool await_ready() {
      item_ = queue_.try_pop();
      return item_.has_value() || queue_.closed_;
    }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      if (!suspend(self)) return false;
      queue_.poppers_.push_back(*this);
      return true;
    }
    [[nodiscard]] std::optional<T> await_resume() {
      if (!item_) throw_if_stopped();
      return std::move(item_);
    }

   private:
    friend class queue;
    friend class coro::intrusive_list<pop_awaiter, coro::queue_waiters>;
    void abandoned() noexcept override { coro::list_hook<coro::queue_waiters>::unlink(); }
    queue& queue_;
    std::optional<T> item_;  // handed over by the pusher: nobody can take it in between
  };

  class push_awaiter final : private coro::waiter, private coro::list_hook<coro::queue_waiters> {
   public:
    push_awaiter(queue& to, T&& item) : queue_{to}, item_{std::move(item)} {}
    [[nodiscard]] bool await_ready() {
      pushed_ = queue_.try_push(std::move(item_));
      return pushed_ || queue_.closed_;
    }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      if (!suspend(self)) return false;
      queue_.pushers_.push_back(*this);
      return true;
    }
    void await_resume() const {
      if (pushed_) return;
      throw_if_stopped();
      throw status_error{code::failed_precondition, "push on a closed queue"};
    }

   private:
    friend class queue;
    friend class coro::intrusive_list<push_awaiter, coro::queue_waiters>;
    void abandoned() noexcept override { coro::list_hook<coro::queue_waiters>::unlink(); }
    queue& queue_;
    T item_;
    bool pushed_ = false;
  };

  class [[nodiscard]] pop_operation {
   public:
    explicit pop_operation(queue& from) noexcept : queue_{&from} {}
    [[nodiscard]] pop_awaiter operator co_await() && noexcept { return pop_awaiter{*queue_}; }

   private:
    queue* queue_;
  };
  class [[nodiscard]] push_operation {
   public:
    push_operation(queue& to, T&& item) : queue_{&to}, item_{std::move(item)} {}
    [[nodiscard]] push_awaiter operator co_await() && { return push_awaiter{*queue_, std::move(item_)}; }

   private:
    queue* queue_;
    T item_;
  };

  /// False when the queue is full or closed; then `item` is untouched.
  bool try_push(T&& item) {
    if (closed_) return false;
    if (!poppers_.empty()) {
      pop_awaiter& popper = poppers_.pop_front();
      popper.item_.emplace(std::move(item));
      popper.wake();
      return true;
    }
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    return true;
  }
  bool try_push(T const& item) { return try_push(T{item}); }
  [[nodiscard]] std::optional<T> try_pop() {
    std::optional<T> item;
    if (!items_.empty()) {
      item.emplace(std::move(items_.front()));
      items_.pop_front();
      if (!pushers_.empty()) items_.push_back(take_from_pusher());
    } else if (!pushers_.empty()) {
      item.emplace(take_from_pusher());  // a capacity of zero: hand to hand
    }
    return item;
  }
  /// No more pushes. Poppers get what is left, then nothing.
  void close() noexcept {
    closed_ = true;
    while (!poppers_.empty()) poppers_.pop_front().wake();
    while (!pushers_.empty()) pushers_.pop_front().wake();
  }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Completes with: the oldest item; nothing once the queue is closed and empty. Fails with: the stop's status.
  pop_operation pop() noexcept { return pop_operation{*this}; }
  /// Completes: when the item is in the queue. Fails with: the stop's status; FAILED_PRECONDITION once it is closed.
  push_operation push(T item) { return push_operation{*this, std::move(item)}; }

 private:
  T take_from_pusher() {
    push_awaiter& pusher = pushers_.pop_front();
    pusher.pushed_ = true;
    pusher.wake();
    return std::move(pusher.item_);
  }

  std::size_t capacity_;
  std::deque<T> items_;
  coro::intrusive_list<pop_awaiter, coro::queue_waiters> poppers_;
  coro::intrusive_list<push_awaiter, coro::queue_waiters> pushers_;
  bool closed_ = false;
};

}  // namespace sluice
