// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/awaitable.hpp>
#include <sluice/coro/task.hpp>

#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {

template <class T>
class generator;

namespace coro {

/// Where a generator's items come from: a coroutine with co_yield, or a call's incoming messages.
template <class T>
class generator_source {
 public:
  /// True: `item` is the next one (null: the end) and nothing needs to suspend. False: call `pull`.
  [[nodiscard]] virtual bool poll(T*& item) = 0;
  /// Arranges that `consumer` is resumed when there is an item or an end; returns what to run meanwhile.
  [[nodiscard]] virtual std::coroutine_handle<> pull(std::coroutine_handle<> consumer, context& under) = 0;
  /// After a resumption, or after poll said true: the item, or null at the end and for a failure.
  [[nodiscard]] virtual T* take() = 0;
  /// Why `take` gave null: what to throw, once, or nothing.
  [[nodiscard]] virtual outcome<void> failure() = 0;
  /// The generator is destroyed.
  virtual void drop() noexcept = 0;

 protected:
  ~generator_source() = default;
};

/// What `next()` gives when poll gave no item. Inlined for the throw, like outcome::take.
template <class T>
[[gnu::always_inline]] inline T* take_or_throw(generator_source<T>& from) {
  T* const item = from.take();
  if (item == nullptr) [[unlikely]] {
    auto why = from.failure();
    if (!why.empty()) why.take();
  }
  return item;
}

/// The same for as_result.
template <class T>
[[nodiscard]] result<T*> take_result(generator_source<T>& from) {
  T* const item = from.take();
  if (item == nullptr)
    if (auto why = from.failure(); !why.empty()) return why.take_result().status();
  return item;
}

/// Where a generator's items go when they are pushed and not pulled: a call's outgoing messages. A handler's co_yield
/// then serializes in place and goes on, without a suspension for each message.
template <class T>
class generator_sink {
 public:
  /// Takes the item. False: there is no room for more; the generator suspends until it is resumed.
  [[nodiscard]] virtual bool accept(T const& item) = 0;
  /// The coroutine ended, by falling off its end, by a status or by an exception.
  virtual void ended() noexcept = 0;

 protected:
  ~generator_sink() = default;
};

template <class T>
class generator_promise final : public promise_base, public generator_source<T>, private completion {
  using handle = std::coroutine_handle<generator_promise>;

 public:
  generator<T> get_return_object() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct give_way {
    [[nodiscard]] bool await_ready() const noexcept { return ready; }
    std::coroutine_handle<> await_suspend(handle self) const noexcept { return self.promise().leave(); }
    void await_resume() const noexcept {}
    bool ready;
  };
  [[nodiscard]] give_way final_suspend() noexcept {
    done_ = true;
    return give_way{false};
  }
  void unhandled_exception() noexcept { failure_.fail_with_current(); }
  void return_void() noexcept {}

  /// co_yield item: an rvalue or lvalue is handed out in place, a const one is copied into storage that is kept.
  [[nodiscard]] give_way yield_value(T& item) { return hand_out(item); }
  [[nodiscard]] give_way yield_value(T&& item) { return hand_out(item); }
  [[nodiscard]] give_way yield_value(T const& item) {
    if (sink_ != nullptr) return push(item);
    if (kept_) *kept_ = item;
    else kept_ = std::make_unique<T>(item);
    item_ = &*kept_;
    return give_way{false};
  }
  /// co_yield status{...}: the generator ends with it; the body is not resumed.
  [[nodiscard]] give_way yield_value(status why)
    requires(!std::same_as<T, status>)
  {
    if (!why.ok()) failure_.fail(std::move(why));
    done_ = true;
    return give_way{false};
  }

  // pulled
  [[nodiscard]] bool poll(T*& item) override {
    item = nullptr;
    return done_;
  }
  [[nodiscard]] std::coroutine_handle<> pull(std::coroutine_handle<> consumer,
                                             coro::context& under) override {
    consumer_ = consumer;
    item_ = nullptr;
    set_context(&under);
    return handle::from_promise(*this);
  }
  [[nodiscard]] T* take() override { return done_ ? nullptr : item_; }
  [[nodiscard]] outcome<void> failure() override { return std::exchange(failure_, {}); }
  void drop() noexcept override { handle::from_promise(*this).destroy(); }

  // pushed
  void start(coro::context& under, generator_sink<T>& sink) {
    set_context(&under);
    sink_ = &sink;
    resume();
  }
  void resume() { resume_under(*this->context(), handle::from_promise(*this)); }
  [[nodiscard]] std::coroutine_handle<> coroutine() noexcept { return handle::from_promise(*this); }
  [[nodiscard]] bool done() const noexcept { return done_; }

 private:
  give_way hand_out(T& item) {
    if (sink_ != nullptr) return push(item);
    item_ = &item;
    return give_way{false};
  }
  give_way push(T const& item) {
    if (this->context()->scheduler().is_current()) [[likely]]
      return give_way{sink_->accept(item)};
    away_item_ = &item;  // the sink is not this thread's: at home, while the body waits
    return give_way{false};
  }
  std::coroutine_handle<> leave() noexcept {
    coro::context& home = *this->context();
    bool const at_home = home.scheduler().is_current();
    if (sink_ == nullptr) return at_home ? consumer_ : way_home_.resume(home, consumer_);
    if (!at_home) way_home_.complete(home, *this);
    else if (done_) sink_->ended();
    return std::noop_coroutine();
  }
  // completion: it came home
  void completed() noexcept override {
    if (done_) {
      sink_->ended();
      return;
    }
    bool room = false;
    try {
      room = sink_->accept(*std::exchange(away_item_, nullptr));
    } catch (...) {
      // Too late to be thrown at the co_yield: the body is not resumed.
      failure_.fail_with_current();
      done_ = true;
      sink_->ended();
      return;
    }
    if (room) resume();
  }

  std::coroutine_handle<> consumer_;
  generator_sink<T>* sink_ = nullptr;
  T* item_ = nullptr;
  T const* away_item_ = nullptr;
  std::unique_ptr<T> kept_;  // only generators that are pulled and yield what is const
  outcome<void> failure_;
  way_home way_home_;
  bool done_ = false;
};

}  // namespace coro

/// An asynchronous sequence, pulled: a coroutine that co_yields, or the incoming messages of a call.
///
///   sluice::generator<Feature> features() { for (auto const& f : all) co_yield f; }
///   while (auto* feature = co_await g.next()) use(*feature);
///
/// Completes with: `next()` a pointer to the next item, valid until the following next() (the storage is reused), and
///   null at the end.
/// Fails with: what the body threw; status_error for `co_yield status{...}`; FAILED_PRECONDITION for a next() while
///   another one waits. After a failure or the end, next() gives null.
/// Cancellation: the stop of the consumer's context reaches whatever the body awaits.
/// Concurrency: one consumer at a time, on its executor.
/// Lifetime: destroying it destroys the body at its co_yield; it must not be destroyed while a next() waits.
template <class T>
class [[nodiscard]] generator {
 public:
  using promise_type = coro::generator_promise<T>;
  using value_type = T;

  generator() noexcept = default;
  /// For the engine: items that come from elsewhere than a coroutine.
  explicit generator(coro::generator_source<T>& source) noexcept : source_{&source} {}
  generator(generator&& other) noexcept
      : source_{std::exchange(other.source_, nullptr)}, body_{std::exchange(other.body_, nullptr)} {}
  generator& operator=(generator&& other) noexcept {
    if (this != &other) {
      if (source_ != nullptr) source_->drop();
      source_ = std::exchange(other.source_, nullptr);
      body_ = std::exchange(other.body_, nullptr);
    }
    return *this;
  }
  ~generator() {
    if (source_ != nullptr) source_->drop();
  }

  class next_awaiter {
   public:
    explicit next_awaiter(generator& from) noexcept : generator_{from} {}
    [[nodiscard]] bool await_ready() {
      refused_ = generator_.pulling_;
      return refused_ || generator_.source_ == nullptr || generator_.source_->poll(item_);
    }
    template <coro::has_context Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
      suspended_ = generator_.pulling_ = true;
      return generator_.source_->pull(self, *self.promise().context());
    }
    [[gnu::always_inline]] T* await_resume() {
      if (refused_) throw_misuse(refusal);
      if (suspended_) generator_.pulling_ = false;
      if (item_ != nullptr || generator_.source_ == nullptr) return item_;
      return coro::take_or_throw(*generator_.source_);
    }
    result<T*> await_result() {
      if (refused_) return status{code::failed_precondition, refusal};
      if (suspended_) generator_.pulling_ = false;
      if (item_ != nullptr || generator_.source_ == nullptr) return item_;
      return coro::take_result(*generator_.source_);
    }

   private:
    static constexpr char const* refusal = "two reads of one stream at once";
    generator& generator_;
    T* item_ = nullptr;
    bool refused_ = false;
    bool suspended_ = false;
  };
  [[nodiscard]] next_awaiter next() noexcept { return next_awaiter{*this}; }

  [[nodiscard]] bool valid() const noexcept { return source_ != nullptr; }
  /// For the engine: the coroutine behind it, or null when the items come from elsewhere.
  [[nodiscard]] promise_type* body() const noexcept { return body_; }

 private:
  friend promise_type;
  explicit generator(promise_type& body) noexcept : source_{&body}, body_{&body} {}

  coro::generator_source<T>* source_ = nullptr;
  promise_type* body_ = nullptr;
  bool pulling_ = false;
};

template <class T>
generator<T> coro::generator_promise<T>::get_return_object() noexcept {
  return generator<T>{*this};
}

}  // namespace sluice
