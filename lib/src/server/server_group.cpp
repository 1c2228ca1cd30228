// SPDX-License-Identifier: Apache-2.0
#include "server/server_group.hpp"

#include "wire/encoding.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>
#include <numeric>
#include <type_traits>
#include <utility>

namespace sluice::serving {

struct server_group::acceptor final : std::enable_shared_from_this<server_group::acceptor>, coro::root {
  asio::any_io_executor executor;
  std::size_t limit = 0;
  std::vector<std::unique_ptr<net::listener>> listeners;
  std::vector<std::weak_ptr<shard>> shards;
  std::size_t next = 0;
  std::atomic<std::size_t> open = 0;
  std::atomic<bool> paused = false;

  void accepted(std::unique_ptr<byte_stream> bytes, std::optional<tls_server> const& tls) {
    if (++open >= limit) {
      paused = true;
      for (auto const& each : listeners) each->pause();
      if (open < limit) resume();  // one closed meanwhile
    }
    auto const target = shards[next].lock();  // where the listener was told to make it
    if (!target) return bytes->close();
    if (shards.size() == 1) return target->serve(std::move(bytes), tls);
    asio::post(target->executor(),
               [target, kept = std::move(bytes), tls]() mutable { target->serve(std::move(kept), tls); });
  }
  // On any thread.
  void closed() {
    --open;
    if (paused) asio::post(executor, [self = shared_from_this()] { self->resume(); });
  }
  void resume() {
    if (open >= limit || !paused.exchange(false)) return;
    for (auto const& each : listeners) each->resume();
  }
  void close() {
    coro::root::unlink();
    listeners.clear();
  }
  // The executor's context goes, and the sockets must go before it.
  void abandon() noexcept override { close(); }
};

namespace {

server_options checked(server_options options) {
  if (!wire::is_identity(options.compression) && !options.compressors.contains(options.compression))
    throw status_error{code::invalid_argument,
                       "compression \"" + options.compression + "\" is not among the server's compressors"};
  return options;
}

}  // namespace

server_group::server_group(std::vector<asio::any_io_executor> executors, server_options options)
    : options_{std::make_shared<server_options const>(checked(std::move(options)))},
      methods_{std::make_shared<dispatcher>()}, acceptor_{std::make_shared<acceptor>()} {
  acceptor_->executor = executors.front();
  acceptor_->limit = options_->max_connections;
  for (auto& each : executors) {
    shards_.push_back(std::make_shared<shard>(std::move(each), options_, methods_,
                                              [acceptor = acceptor_] { acceptor->closed(); }));
    acceptor_->shards.push_back(shards_.back());
  }
}

server_group::server_group(asio::any_io_executor executor, server_options options)
    : server_group{std::vector{std::move(executor)}, std::move(options)} {
  on_threads_ = false;
}

server_group::~server_group() {
  on_shard(0, [this] { acceptor_->close(); });
  for (std::size_t i = 0; i != shards_.size(); ++i) on_shard(i, [this, i] { shards_[i]->abandon(); });
}

namespace {

// Those of io_threads: a thread for each context.
bool runs_here(asio::any_io_executor const& executor) noexcept {
  auto const* const of_context = executor.target<asio::io_context::executor_type>();
  return of_context != nullptr && of_context->running_in_this_thread();
}

// Joined threads run nothing any more: what would be posted to them may happen here.
bool nobody_runs(asio::any_io_executor const& executor) noexcept {
  auto const* const of_context = executor.target<asio::io_context::executor_type>();
  return of_context != nullptr && of_context->context().stopped();
}

}  // namespace

template <class Action>
void server_group::on_shard(std::size_t index, Action&& action) {
  auto const& executor = shards_[index]->executor();
  if (!on_threads_ || runs_here(executor) || nobody_runs(executor)) return std::forward<Action>(action)();
  std::promise<void> done;
  auto waiting = done.get_future();
  asio::post(executor, [&] {
    try {
      action();
      done.set_value();
    } catch (...) { done.set_exception(std::current_exception()); }
  });
  waiting.get();
}

void server_group::add(service& what) {
  if (serving_)
    throw status_error{code::failed_precondition, "services are added before the first listen or serve"};
  for (service* each = &what; each != nullptr; each = each->sluice_companion())
    if (!methods_->add(*each))
      throw status_error{code::already_exists,
                         "a service " + std::string{each->sluice_service_name()} + " is registered already"};
}

void server_group::add_fallback(service& what) {
  if (serving_)
    throw status_error{code::failed_precondition, "a fallback is added before the first listen or serve"};
  if (!methods_->set_fallback(what))
    throw status_error{code::already_exists, "the server has a fallback already"};
}

std::string server_group::listen(std::string_view address, std::optional<tls_server> tls) {
  auto const parsed = parse_listen_address(address);
  if (!parsed) throw status_error{code::invalid_argument, parsed.error()};
  std::string bound;
  on_shard(0, [&] {
    net::listen_options options;
    options.log = options_->log;
    if (options_->keepalive.time != duration::max()) options.user_timeout = options_->keepalive.timeout;
    options.executor_for_connection = [acceptor = acceptor_.get()]() -> asio::any_io_executor {
      acceptor->next = (acceptor->next + 1) % acceptor->shards.size();
      auto const target = acceptor->shards[acceptor->next].lock();
      return target ? target->executor() : acceptor->executor;
    };
    auto opened = net::listener::open(
        acceptor_->executor, *parsed, std::move(options),
        [acceptor = acceptor_.get(), tls = std::move(tls)](std::unique_ptr<byte_stream> bytes) {
          acceptor->accepted(std::move(bytes), tls);
        });
    if (!opened) throw status_error{code::unavailable, opened.error()};
    bound = (*opened)->bound().front().to_string();
    acceptor_->listeners.push_back(std::move(*opened));
    serving_ = true;
    if (!acceptor_->linked()) shards_.front()->scheduler().adopt(*acceptor_);
  });
  return bound;
}

void server_group::serve(std::unique_ptr<byte_stream> connection) {
  serving_ = true;
  ++acceptor_->open;
  if (!on_threads_) return shards_.front()->serve(std::move(connection));
  auto const here =
      std::ranges::find_if(shards_, [](auto const& each) { return runs_here(each->executor()); });
  if (here != shards_.end()) return (*here)->serve(std::move(connection));
  asio::post(shards_.front()->executor(), [first = shards_.front(), kept = std::move(connection)]() mutable {
    first->serve(std::move(kept));
  });
}

void server_group::stop(duration grace, std::function<void()> done) {
  // Each shard lets go of it when nothing is left there, or when it goes itself.
  struct last_word {
    std::function<void()> done;
    ~last_word() {
      if (done) done();
    }
  };
  auto const all = std::make_shared<last_word>();
  all->done = std::move(done);
  on_shard(0, [this] { acceptor_->close(); });
  for (auto const& each : shards_)
    asio::dispatch(each->executor(), [each, grace, all] { each->stop(grace, all); });
}

std::size_t server_group::connections() const noexcept {
  return std::accumulate(shards_.begin(), shards_.end(), std::size_t{0},
                         [](std::size_t sum, auto const& each) { return sum + each->connections(); });
}

std::size_t server_group::calls() const noexcept {
  return std::accumulate(shards_.begin(), shards_.end(), std::size_t{0},
                         [](std::size_t sum, auto const& each) { return sum + each->calls(); });
}

}  // namespace sluice::serving
