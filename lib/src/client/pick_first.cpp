// SPDX-License-Identifier: Apache-2.0
#include "client/balancer.hpp"
#include "client/subchannel.hpp"

#include <utility>

namespace sluice::calling {
namespace {

class fixed_picker final : public picker {
 public:
  explicit fixed_picker(pick answer) : answer_{std::move(answer)} {}
  pick choose() override { return answer_; }

 private:
  pick answer_;
};

std::shared_ptr<picker> always(pick answer) { return std::make_shared<fixed_picker>(std::move(answer)); }

/// One subchannel over all addresses: the first that answers serves every call. Happy eyeballs are the dial's job.
class pick_first final : public balancer {
 public:
  explicit pick_first(balancer_host& host) noexcept : host_{host} {}

  void resolved(std::vector<address> addresses) override {
    if (subchannel_ && subchannel_->state() == connectivity::ready)
      return subchannel_->use_addresses(std::move(addresses));
    if (subchannel_) subchannel_->use_addresses(std::move(addresses));
    else subchannel_ = host_.make_subchannel(std::move(addresses));
    subchannel_->connect();
  }

  void resolving_failed(status why) override {
    if (subchannel_ && subchannel_->state() == connectivity::ready) return;
    host_.publish(connectivity::transient_failure, always({pick::verdict::fail, nullptr, std::move(why)}));
  }

  void changed(subchannel& which) override {
    switch (which.state()) {
      case connectivity::ready:
        return host_.publish(connectivity::ready, always({pick::verdict::use, &which}));
      case connectivity::connecting:
        return host_.publish(connectivity::connecting, always({pick::verdict::wait}));
      case connectivity::transient_failure:
        return host_.publish(connectivity::transient_failure,
                             always({pick::verdict::fail, nullptr, which.last_failure()}));
      case connectivity::idle:
      case connectivity::shutdown:  // the connection was lost, or let go: the next call connects
        return host_.publish(connectivity::idle, always({pick::verdict::wait}));
    }
  }

 private:
  balancer_host& host_;
  std::shared_ptr<subchannel> subchannel_;
};

}  // namespace

std::unique_ptr<balancer> make_pick_first(balancer_host& host) { return std::make_unique<pick_first>(host); }

}  // namespace sluice::calling
