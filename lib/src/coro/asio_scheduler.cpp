// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/executor.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution/relationship.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace sluice::coro {
namespace {

class asio_scheduler final : public scheduler {
 public:
  explicit asio_scheduler(asio::any_io_executor executor) : executor_{std::move(executor)} {}

  [[nodiscard]] asio::any_io_executor const& executor() const noexcept { return executor_; }

  void post_remote(ready_node& node) override {
    asio::post(executor_, [self = shared_from_this(), &node] { self->turn([&] { self->ready(node); }); });
  }

 private:
  std::shared_ptr<asio_scheduler> self() {
    return std::static_pointer_cast<asio_scheduler>(shared_from_this());
  }
  void post_turn() noexcept override {
    asio::post(executor_, [keep = self()] { keep->run_posted_turn(); });
  }
  void arm(time_point at) noexcept override {
    if (!timer_) timer_.emplace(executor_);
    timer_->expires_at(at);
    // The scheduler may be gone before its timer: a timer keeps nothing alive.
    timer_->async_wait([weak = std::weak_ptr<asio_scheduler>{self()}](boost::system::error_code error) {
      if (error) return;
      if (auto const keep = weak.lock()) keep->timer_fired();
    });
  }

 public:
  /// The context goes away: its timer must go before it.
  void close() noexcept {
    shut_down();
    timer_.reset();
  }

 private:
  asio::any_io_executor executor_;
  std::optional<asio::steady_timer> timer_;
};

/// The schedulers of one execution context, by executor.
class scheduler_service final : public asio::execution_context::service {
 public:
  using key_type = scheduler_service;
  static asio::execution_context::id id;

  explicit scheduler_service(asio::execution_context& owner) : service{owner} {}

  std::shared_ptr<scheduler> find(asio::any_io_executor const& executor) {
    std::lock_guard const lock{mutex_};
    std::shared_ptr<scheduler> found;
    std::erase_if(schedulers_, [&](std::weak_ptr<asio_scheduler> const& each) {
      auto const alive = each.lock();
      if (alive && !found && alive->executor() == executor) found = alive;
      return !alive;
    });
    if (found) return found;
    auto made = std::make_shared<asio_scheduler>(executor);
    schedulers_.push_back(made);
    return made;
  }

 private:
  void shutdown() override {
    std::vector<std::weak_ptr<asio_scheduler>> all;
    {
      std::lock_guard const lock{mutex_};
      all.swap(schedulers_);
    }
    for (auto const& each : all)
      if (auto const alive = each.lock()) alive->close();
  }
  std::mutex mutex_;
  std::vector<std::weak_ptr<asio_scheduler>> schedulers_;
};
asio::execution_context::id scheduler_service::id;

}  // namespace

std::shared_ptr<scheduler> scheduler_of(asio::any_io_executor const& executor) {
  if (!executor) throw std::invalid_argument{"sluice: an empty executor"};
  // One executor has several types: as it counts work, blocks, is a continuation. The plain one stands for all.
  auto const untracked = asio::prefer(executor, asio::execution::outstanding_work.untracked);
  auto const possibly = asio::prefer(untracked, asio::execution::blocking.possibly);
  auto const plain = asio::prefer(possibly, asio::execution::relationship.fork);
  if (plain.target_type() == typeid(asio::thread_pool::executor_type))
    throw std::invalid_argument{
        "sluice: a thread_pool's executor is not serial; pass asio::make_strand(pool)"};
  if (plain.target_type() == typeid(asio::system_executor))
    throw std::invalid_argument{
        "sluice: no executor: the completion token has none of its own (asio::bind_executor), and the "
        "system's is not "
        "serial"};
  auto& context = asio::query(plain, asio::execution::context);
  return asio::use_service<scheduler_service>(context).find(plain);
}

asio::any_io_executor const& executor_of(scheduler const& where) noexcept {
  return static_cast<asio_scheduler const&>(where).executor();
}

}  // namespace sluice::coro
