// SPDX-License-Identifier: Apache-2.0
#include "net/time_source.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace sluice::net {
namespace {

class asio_timer final : public timer {
 public:
  explicit asio_timer(asio::any_io_executor const& executor) : state_{std::make_shared<state>(executor)} {}
  ~asio_timer() override { cancel(); }

  void start(duration after, std::function<void()> fire) override {
    auto const round = ++state_->round;
    state_->fire = std::move(fire);
    state_->wait.expires_after(after);
    state_->wait.async_wait([s = state_, round](boost::system::error_code error) {
      if (error || s->round != round) return;
      auto const call = std::exchange(s->fire, nullptr);
      call();
    });
  }

  void cancel() noexcept override {
    // An expired wait may already be on its way, where Asio cannot cancel it: the round tells.
    ++state_->round;
    state_->fire = nullptr;
    try {
      state_->wait.cancel();
    } catch (...) {
      // The round has silenced it already.
    }
  }

 private:
  struct state {
    explicit state(asio::any_io_executor const& executor) : wait{executor} {}
    asio::steady_timer wait;
    std::function<void()> fire;
    std::uint64_t round = 0;
  };
  std::shared_ptr<state> state_;
};

class asio_time final : public time_source {
 public:
  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
  std::unique_ptr<timer> make_timer(asio::any_io_executor const& executor) override {
    return std::make_unique<asio_timer>(executor);
  }
};

}  // namespace

std::shared_ptr<time_source> real_time() { return std::make_shared<asio_time>(); }

std::string describe(duration length) {
  double const milliseconds = std::chrono::duration<double, std::milli>(length).count();
  std::array<char, 48> text{};
  if (milliseconds < 1000) std::snprintf(text.data(), text.size(), "%.1f ms", milliseconds);
  else std::snprintf(text.data(), text.size(), "%.1f s", milliseconds / 1000);
  return text.data();
}

}  // namespace sluice::net
