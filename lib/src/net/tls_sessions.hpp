// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "net/tls_context.hpp"

namespace sluice::net {

/// Sessions that servers offered to resume: the latest for each key, the oldest goes first. Thread-safe.
///
/// A session is given out once, as RFC 8446 (C.4) asks: who watches cannot tell by the ticket that two connections come
/// from one client. A server that is resumed offers a new one.
class tls_sessions {
 public:
  explicit tls_sessions(std::size_t limit) noexcept : limit_{limit} {}

  void put(std::string_view key, openssl_ptr<SSL_SESSION> session) {
    std::lock_guard const lock{mutex_};
    kept_.remove_if([key](auto const& each) { return each.first == key; });
    if (limit_ == 0) return;
    if (kept_.size() == limit_) kept_.pop_front();
    kept_.emplace_back(key, std::move(session));
  }
  [[nodiscard]] openssl_ptr<SSL_SESSION> take(std::string_view key) {
    std::lock_guard const lock{mutex_};
    for (auto each = kept_.begin(); each != kept_.end(); ++each) {
      if (each->first != key) continue;
      auto session = std::move(each->second);
      kept_.erase(each);
      return session;
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t size() const {
    std::lock_guard const lock{mutex_};
    return kept_.size();
  }

 private:
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, openssl_ptr<SSL_SESSION>>> kept_;
};

}  // namespace sluice::net
