// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "net/tls_context.hpp"

namespace sluice::net {

/// The present one of a line of loaded options. Connections keep the one that they began with. Thread-safe.
///
/// `Loaded` is made from Options, which throws when that cannot be, and has `options` and `files`.
template <class Options, class Loaded>
class tls_reloadable {
 public:
  explicit tls_reloadable(Options options) : present_{std::make_shared<Loaded const>(std::move(options))} {}

  [[nodiscard]] std::shared_ptr<Loaded const> present() const {
    std::lock_guard const lock{mutex_};
    return present_;
  }
  void reload(Options options) {
    auto next = std::make_shared<Loaded const>(std::move(options));
    std::lock_guard const lock{mutex_};
    present_.swap(next);
  }
  bool reload_if_changed() {
    auto const now = present();
    if (!now->files.changed()) return false;
    reload(now->options);
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Loaded const> present_;
};

}  // namespace sluice::net
