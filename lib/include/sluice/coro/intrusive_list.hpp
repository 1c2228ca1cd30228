// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>

namespace sluice::coro {

/// A link in at most one intrusive list; it leaves the list when it dies. The tag lets one object be in several lists.
template <class Tag>
class list_hook {
 public:
  list_hook() noexcept = default;
  list_hook(list_hook const&) = delete;
  list_hook& operator=(list_hook const&) = delete;
  ~list_hook() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  template <class, class>
  friend class intrusive_list;
  list_hook* previous_ = nullptr;
  list_hook* next_ = nullptr;
};

/// A ring of hooks around a sentinel: nothing is allocated, and a node is removed in constant time without its list.
template <class T, class Tag = typename T::list_tag>
class intrusive_list {
  using hook = list_hook<Tag>;

 public:
  intrusive_list() noexcept { ring_.previous_ = ring_.next_ = &ring_; }
  ~intrusive_list() {
    while (!empty()) ring_.next_->unlink();
    ring_.previous_ = ring_.next_ = nullptr;
  }
  intrusive_list(intrusive_list const&) = delete;
  intrusive_list& operator=(intrusive_list const&) = delete;

  [[nodiscard]] bool empty() const noexcept { return ring_.next_ == &ring_; }
  [[nodiscard]] T& front() noexcept { return static_cast<T&>(*ring_.next_); }
  void push_back(T& node) noexcept {
    hook& link = node;
    assert(!link.linked());
    link.previous_ = ring_.previous_;
    link.next_ = &ring_;
    ring_.previous_->next_ = &link;
    ring_.previous_ = &link;
  }
  T& pop_front() noexcept {
    T& first = front();
    static_cast<hook&>(first).unlink();
    return first;
  }
  /// Moves every node of `other` behind this list's.
  void take_all(intrusive_list& other) noexcept {
    if (other.empty()) return;
    hook* const first = other.ring_.next_;
    hook* const last = other.ring_.previous_;
    other.ring_.previous_ = other.ring_.next_ = &other.ring_;
    first->previous_ = ring_.previous_;
    ring_.previous_->next_ = first;
    last->next_ = &ring_;
    ring_.previous_ = last;
  }

 private:
  hook ring_;
};

}  // namespace sluice::coro
