// SPDX-License-Identifier: Apache-2.0
#include <sluice/server/server.hpp>

#include "server/server_group.hpp"

#include <sluice/coro/executor.hpp>
#include <sluice/coro/waiter.hpp>
#include <sluice/server/generic_service.hpp>
#include <sluice/server/io_threads.hpp>

#include <boost/asio/prefer.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace sluice {
namespace {

std::vector<boost::asio::any_io_executor> executors_of(io_threads& threads) {
  std::vector<boost::asio::any_io_executor> all;
  for (std::size_t i = 0; i != threads.size(); ++i) all.push_back(threads.executor(i));
  return all;
}

/// Until the group has ended or is destroyed; a stop of the awaiter ends it at once, and is waited for all the same.
class group_end final : private coro::ready_node, private coro::stop_observer {
 public:
  group_end(std::weak_ptr<serving::server_group> group, duration grace) noexcept
      : group_{std::move(group)}, grace_{grace} {}
  ~group_end() {
    if (!notice_) return;
    std::lock_guard const lock{notice_->guard};
    notice_->waiting = nullptr;
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <coro::has_context Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    self_ = self;
    context_ = self.promise().context();
    // Other threads may have the last word: until then `run` of the awaiter's context has something to wait for.
    work_ = asio::prefer(coro::executor_of(context_->scheduler()), asio::execution::outstanding_work.tracked);
    notice_ = std::make_shared<notice>();
    notice_->waiting = this;
    stop_group(grace_, [to = notice_] {
      std::lock_guard const lock{to->guard};
      if (to->waiting != nullptr) to->waiting->context_->scheduler().post_remote(*to->waiting);
    });
    context_->stop().observe(*this);
  }
  void await_resume() const noexcept {}

 private:
  // The last word comes from any thread, and the awaiter may have gone with its context by then.
  struct notice {
    std::mutex guard;
    group_end* waiting = nullptr;
  };
  void run() noexcept override {
    stop_observer::unlink();
    work_ = {};
    coro::resume_under(*context_, self_);
  }
  void stop_requested(stop_reason) noexcept override { stop_group(duration::zero(), {}); }
  void stop_group(duration grace, std::function<void()> done) {
    if (auto const group = group_.lock()) group->stop(grace, std::move(done));
    else if (done) done();
  }

  std::weak_ptr<serving::server_group> group_;
  duration grace_;
  std::shared_ptr<notice> notice_;
  asio::any_io_executor work_;
  std::coroutine_handle<> self_;
  coro::context* context_ = nullptr;
};

class end_of {
 public:
  end_of(std::weak_ptr<serving::server_group> group, duration grace) noexcept
      : group_{std::move(group)}, grace_{grace} {}
  [[nodiscard]] group_end operator co_await() const noexcept { return {group_, grace_}; }

 private:
  std::weak_ptr<serving::server_group> group_;
  duration grace_;
};

// The server may be gone before the task begins.
task<void> stop_and_join(std::weak_ptr<serving::server_group> group, duration grace) {
  co_await end_of{std::move(group), grace};
}

}  // namespace

server::server(serial_executor where) : server{std::move(where), server_options{}} {}
server::server(serial_executor where, server_options options)
    : group_{std::make_shared<serving::server_group>(where.get(), std::move(options))} {}

server::server(io_threads& threads) : server{threads, server_options{}} {}
server::server(io_threads& threads, server_options options)
    : group_{std::make_shared<serving::server_group>(executors_of(threads), std::move(options))} {}

server::~server() = default;

server& server::add(service& what) {
  group_->add(what);
  return *this;
}

server& server::add_fallback(generic_service& what) {
  group_->add_fallback(what);
  return *this;
}

std::string server::listen(std::string_view address) { return group_->listen(address); }
std::string server::listen(std::string_view address, tls_server tls) {
  return group_->listen(address, std::move(tls));
}
void server::serve(std::unique_ptr<byte_stream> connection) { group_->serve(std::move(connection)); }
task<void> server::shutdown(duration grace) { return stop_and_join(group_, grace); }
void server::stop(duration grace) { group_->stop(grace, {}); }
std::size_t server::connections() const noexcept { return group_->connections(); }
std::size_t server::active_calls() const noexcept { return group_->calls(); }

}  // namespace sluice
