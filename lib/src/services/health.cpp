// SPDX-License-Identifier: Apache-2.0
#include <sluice/services/health.hpp>

#include "services/health_messages.hpp"

#include <sluice/coro/event.hpp>
#include <sluice/server/handlers.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t list_limit = 100;  // the protocol's: more is RESOURCE_EXHAUSTED

/// One Watch: lives on its call's scheduler, told from any thread.
struct watcher {
  explicit watcher(std::string_view of, std::shared_ptr<coro::scheduler> where)
      : service{of}, home{std::move(where)} {}
  std::string service;
  std::shared_ptr<coro::scheduler> home;
  event changed;
};

// Carries "look again" to the watcher's own thread.
class notice final : public coro::ready_node {
 public:
  static void send(std::shared_ptr<watcher> to) {
    auto& home = *to->home;
    home.post_remote(*new notice{std::move(to)});
  }

 private:
  explicit notice(std::shared_ptr<watcher> to) noexcept : to_{std::move(to)} {}
  void run() noexcept override {
    auto const to = std::move(to_);
    delete this;
    to->changed.set();
  }
  std::shared_ptr<watcher> to_;
};

}  // namespace

class health_service::impl final : public service {
 public:
  impl() { statuses_.emplace("", serving_status::serving); }

  std::string_view sluice_service_name() const noexcept override { return "grpc.health.v1.Health"; }
  std::span<method_handler const> sluice_methods() const noexcept override {
    static constexpr std::array methods{
        serve_unary<&impl::check>({"/grpc.health.v1.Health/Check", method_kind::unary}),
        serve_server_streaming<&impl::watch>({"/grpc.health.v1.Health/Watch", method_kind::server_streaming}),
        serve_unary<&impl::list>({"/grpc.health.v1.Health/List", method_kind::unary})};
    return methods;
  }

  task<health::check_response> check(health::check_request request) {
    auto const status = find(request.service);
    if (!status) co_return sluice::status{code::not_found, "unknown service " + request.service};
    co_return health::check_response{*status};
  }

  generator<health::check_response> watch(health::check_request request) {
    auto& here = co_await coro::get_context{};
    auto const self = std::make_shared<watcher>(request.service, here.scheduler().shared_from_this());
    registration const registered{*this, self};
    health::check_response said{serving_status::unknown};
    bool first = true;
    for (;;) {
      self->changed.reset();
      auto const now = find(request.service).value_or(serving_status::service_unknown);
      if (std::exchange(first, false) || now != said.status) {
        said.status = now;
        co_yield said;
      } else {
        co_await self->changed.wait();
      }
    }
  }

  task<health::list_response> list(health::list_request) {
    health::list_response all;
    {
      std::lock_guard const lock{mutex_};
      all.statuses.insert(statuses_.begin(), statuses_.end());
    }
    if (all.statuses.size() > list_limit)
      co_return sluice::status{code::resource_exhausted, "more than 100 services"};
    co_return all;
  }

  void set(std::string_view name, serving_status status) {
    std::lock_guard const lock{mutex_};
    if (shut_down_) return;
    statuses_.insert_or_assign(std::string{name}, status);
    tell([name](watcher const& each) { return each.service == name; });
  }
  [[nodiscard]] std::optional<serving_status> find(std::string_view name) const {
    std::lock_guard const lock{mutex_};
    auto const found = statuses_.find(name);
    return found == statuses_.end() ? std::nullopt : std::optional{found->second};
  }
  void shut_down() {
    std::lock_guard const lock{mutex_};
    shut_down_ = true;
    for (auto& [name, status] : statuses_) status = serving_status::not_serving;
    tell([](watcher const&) { return true; });
  }

 private:
  struct registration {
    registration(impl& in, std::shared_ptr<watcher> who) : in_{in}, who_{std::move(who)} {
      std::lock_guard const lock{in_.mutex_};
      in_.watchers_.push_back(who_);
    }
    registration(registration const&) = delete;
    registration& operator=(registration const&) = delete;
    ~registration() {
      std::lock_guard const lock{in_.mutex_};
      std::erase(in_.watchers_, who_);
    }
    impl& in_;
    std::shared_ptr<watcher> who_;
  };
  template <class Concerned>
  void tell(Concerned concerned) {
    for (auto const& each : watchers_)
      if (concerned(*each)) notice::send(each);
  }

  mutable std::mutex mutex_;
  std::map<std::string, serving_status, std::less<>> statuses_;
  std::vector<std::shared_ptr<watcher>> watchers_;
  bool shut_down_ = false;
};

health_service::health_service() : impl_{std::make_unique<impl>()} {}
health_service::~health_service() = default;

void health_service::set(std::string_view service, serving_status status) { impl_->set(service, status); }
serving_status health_service::get(std::string_view service) const {
  return impl_->find(service).value_or(serving_status::service_unknown);
}
void health_service::shut_down() { impl_->shut_down(); }
health_service::operator service&() noexcept { return *impl_; }

}  // namespace sluice
