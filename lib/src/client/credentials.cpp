// SPDX-License-Identifier: Apache-2.0
#include <sluice/client/credentials.hpp>

#include <sluice/coro/context.hpp>
#include <sluice/coro/event.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace sluice {
namespace {

metadata bearer(std::string const& token) {
  std::string value{"Bearer "};
  metadata made;
  made.add("authorization", value.append(token));
  return made;
}

class fixed_token final : public call_credentials {
 public:
  explicit fixed_token(std::string token) : token_{std::move(token)} {}
  task<metadata> get(call_info) override { co_return bearer(token_); }

 private:
  std::string token_;
};

class cached_token final : public call_credentials {
 public:
  cached_token(token_source source, duration refresh_ahead)
      : source_{std::move(source)}, refresh_ahead_{refresh_ahead} {}

  task<metadata> get(call_info) override {
    coro::scheduler& clock = (co_await coro::get_context{}).scheduler();
    for (;;) {
      bool const usable = token_ && !token_->expires_at().passed(clock.now());
      if (usable && (fetching_ || token_->expires_at().remaining(clock.now()) > refresh_ahead_))
        co_return bearer(token_->value());
      if (!fetching_) {
        co_await fetch(usable);
        co_return bearer(token_->value());
      }
      // The one that fetches may be stopped: then somebody else does.
      auto const round = fetched_;
      co_await round->done.wait();
      if (round->failure) std::rethrow_exception(round->failure);
    }
  }

 private:
  // Shared with those who wait: the next round may begin before they run.
  struct round_of_fetching {
    event done;
    std::exception_ptr failure;
  };

  // Ends the round, also when the coroutine that fetches is dropped.
  class fetching {
   public:
    explicit fetching(cached_token& of) : of_{of}, round_{std::make_shared<round_of_fetching>()} {
      of_.fetching_ = true;
      of_.fetched_ = round_;
    }
    fetching(fetching const&) = delete;
    fetching& operator=(fetching const&) = delete;
    ~fetching() {
      of_.fetching_ = false;
      round_->done.set();
    }
    void failed(std::exception_ptr why) noexcept { round_->failure = std::move(why); }

   private:
    cached_token& of_;
    std::shared_ptr<round_of_fetching> round_;
  };

  task<void> fetch(bool has_one) {
    fetching round{*this};
    coro::context& here = co_await coro::get_context{};
    std::exception_ptr failure;
    try {
      token_ = co_await source_();
    } catch (...) { failure = std::current_exception(); }
    if (!failure) co_return;
    bool const stopped = here.stop().stop_requested();
    bool const holds = has_one && !token_->expires_at().passed(here.scheduler().now());
    if (holds && !stopped) co_return;
    if (!stopped) round.failed(failure);
    std::rethrow_exception(failure);
  }

  token_source source_;
  duration refresh_ahead_;
  std::optional<access_token> token_;
  std::shared_ptr<round_of_fetching> fetched_;
  bool fetching_ = false;
};

}  // namespace

std::shared_ptr<call_credentials> bearer_token(std::string token) {
  return std::make_shared<fixed_token>(std::move(token));
}

std::shared_ptr<call_credentials> cached(token_source source, duration refresh_ahead) {
  return std::make_shared<cached_token>(std::move(source), refresh_ahead);
}

}  // namespace sluice
