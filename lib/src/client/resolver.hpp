// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/net/address.hpp>
#include <sluice/net/target.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace sluice::calling {

/// From a target to addresses, which it pushes.
class resolver {
 public:
  using on_addresses = std::function<void(result<std::vector<address>>)>;

  virtual ~resolver() = default;
  /// Resolves, or resolves again; `pushed` is called on the executor, later, at least once, unless the resolver goes
  /// first. A resolution that is under way is the one that is meant.
  virtual void resolve() = 0;
};

[[nodiscard]] std::unique_ptr<resolver> make_resolver(asio::any_io_executor executor, target to,
                                                      resolver::on_addresses pushed);

}  // namespace sluice::calling
