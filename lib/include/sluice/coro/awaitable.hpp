// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>
#include <sluice/coro/frame_pool.hpp>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace sluice::coro {

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };
template <class A>
concept awaiter_like = requires(A& a) {
  a.await_ready();
  a.await_resume();
};
/// What C++ itself can await.
template <class A>
concept natively_awaitable =
    has_member_co_await<A> || has_free_co_await<A> || awaiter_like<std::remove_reference_t<A>>;

/// The seam for everything else: specialized in coro/asio.hpp for Asio's asynchronous operations, by
/// `static auto adapt(Operation&&)` that returns an awaiter.
template <class Operation>
struct awaitable_adapter;

template <class A>
concept adaptable = !natively_awaitable<A> &&
                    requires(A&& a) { awaitable_adapter<std::remove_cvref_t<A>>::adapt(std::forward<A>(a)); };
template <class A>
concept awaitable = natively_awaitable<A> || adaptable<A>;

template <class A>
auto get_awaiter(A&& a) {
  if constexpr (has_member_co_await<A>) return std::forward<A>(a).operator co_await();
  else if constexpr (has_free_co_await<A>) return operator co_await(std::forward<A>(a));
  else if constexpr (adaptable<A>)
    return awaitable_adapter<std::remove_cvref_t<A>>::adapt(std::forward<A>(a));
  else return std::forward<A>(a);
}
template <class A>
using awaiter_of = decltype(coro::get_awaiter(std::declval<A>()));
template <class A>
using await_result_of = decltype(std::declval<awaiter_of<A>&>().await_resume());

/// What every coroutine type's promise has: the context, and the way of what it awaits.
class promise_base {
 public:
  [[nodiscard]] coro::context* context() const noexcept { return context_; }
  void set_context(coro::context* value) noexcept { context_ = value; }

  // An awaiter is awaited where it stands (g++ 12 would move what comes as an rvalue reference, and many cannot move).
  template <class A>
    requires awaiter_like<std::remove_reference_t<A>>
  std::remove_reference_t<A>& await_transform(A&& a) noexcept {
    return a;
  }
  template <class A>
    requires(natively_awaitable<A> && !awaiter_like<std::remove_reference_t<A>>)
  A&& await_transform(A&& a) noexcept {
    return static_cast<A&&>(a);
  }
  template <class A>
    requires adaptable<A>
  auto await_transform(A&& a) {
    return awaitable_adapter<std::remove_cvref_t<A>>::adapt(std::forward<A>(a));
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { deallocate_frame(frame, size); }

 private:
  coro::context* context_ = nullptr;
};

}  // namespace sluice::coro
