// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/core/status.hpp>
#include <sluice/net/address.hpp>

#include <memory>
#include <vector>

namespace sluice::calling {

class subchannel;

/// What a picker says to one call.
struct pick {
  enum class verdict : std::uint8_t {
    use,   ///< this subchannel
    wait,  ///< until the next picker
    fail,  ///< unless the call waits for ready
    drop,  ///< also if it does
  };
  verdict what = verdict::wait;
  subchannel* where = nullptr;
  status why = {};
};

/// A snapshot of the balancer's knowledge. Picking never waits; parking is the channel's job.
class picker {
 public:
  virtual ~picker() = default;
  [[nodiscard]] virtual pick choose() = 0;
};

/// What a balancer may ask of its channel.
class balancer_host {
 public:
  [[nodiscard]] virtual std::shared_ptr<subchannel> make_subchannel(std::vector<address> addresses) = 0;
  /// The new state, and the picker that goes with it. Calls that wait are picked anew.
  virtual void publish(connectivity state, std::shared_ptr<picker> by) = 0;

 protected:
  ~balancer_host() = default;
};

/// Decides which connections exist and which call takes which. pick_first is the one that is there.
class balancer {
 public:
  virtual ~balancer() = default;
  virtual void resolved(std::vector<address> addresses) = 0;
  virtual void resolving_failed(status why) = 0;
  /// A subchannel of ours has changed its state.
  virtual void changed(subchannel& which) = 0;
};

[[nodiscard]] std::unique_ptr<balancer> make_pick_first(balancer_host& host);

}  // namespace sluice::calling
