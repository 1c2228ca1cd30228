// SPDX-License-Identifier: Apache-2.0
#include "seed_run.hpp"

#include "customer.hpp"
#include "memory.hpp"
#include "post_office.hpp"

#include <sluice/client/observer.hpp>
#include <sluice/server/observer.hpp>
#include <sluice/testing/world.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

namespace simulated {
namespace {

using sluice::code;
using sluice::task;
using sluice::testing::random_numbers;
using sluice::testing::world;
using namespace std::chrono_literals;

// Each beginning has its end, on both sides.
template <class Base, class... Peer>
struct counting : Base {
  void call_started(std::string_view, Peer...) noexcept override { ++started; }
  void call_ended(std::string_view, sluice::status const&, sluice::duration) noexcept override { ++ended; }
  void connection_opened(std::string_view) noexcept override { ++opened; }
  void connection_closed(std::string_view, std::string_view) noexcept override { ++closed; }
  std::size_t started = 0;
  std::size_t ended = 0;
  std::size_t opened = 0;
  std::size_t closed = 0;
};

/// What is decided once for a seed, besides the faults of its world.
struct setting {
  std::size_t clients = 1;
  std::size_t servers = 1;
  std::size_t calls = 1;
  std::size_t restarts = 0;
  bool shuts_channels = false;  // gracefully; else they are destroyed
  bool shuts_servers = false;
  std::uint32_t client_window = 0;
  std::uint32_t server_window = 0;
  std::uint32_t connection_window = 0;
  std::uint32_t max_streams = 0;
  std::size_t largest = 0;  // bytes of a letter

  static setting drawn_from(random_numbers& random, sluice::testing::world_faults const& faults) {
    setting drawn;
    drawn.clients = random.between(1, 4);
    drawn.servers = random.between(1, 3);
    drawn.calls = random.between(1, 60);
    drawn.restarts = random.chance(0.4) ? random.between(1, 4) : 0;
    drawn.shuts_channels = random.chance(0.5);
    drawn.shuts_servers = random.chance(0.5);
    auto const window = [&random] {
      return random.chance(0.5) ? 256U * 1024U : 1 + static_cast<std::uint32_t>(random.skewed(64 * 1024));
    };
    drawn.client_window = window();
    drawn.server_window = window();
    drawn.connection_window = random.chance(0.5) ? 4U * 1024U * 1024U : 64 + window();
    drawn.max_streams = random.chance(0.5) ? 1000 : 1 + static_cast<std::uint32_t>(random.skewed(20));
    auto const smallest = std::min({drawn.client_window, drawn.server_window, drawn.connection_window});
    // So that a connection of few bytes at a time is not all that a seed does.
    std::size_t const most = faults.split > 0.1 ? 8 * 1024 : 64 * 1024;
    drawn.largest = random.skewed(std::min({most, std::size_t{smallest} * 32, faults.max_capacity * 4}));
    return drawn;
  }
  [[nodiscard]] std::string to_string() const {
    return std::to_string(clients) + " clients, " + std::to_string(servers) + " servers, " +
           std::to_string(calls) + " calls, " + std::to_string(restarts) + " restarts, windows " +
           std::to_string(client_window) + "/" + std::to_string(server_window) + "/" +
           std::to_string(connection_window) + ", " + std::to_string(max_streams) +
           " streams, letters up to " + std::to_string(largest);
  }
};

call_plan draw_call(random_numbers& random, setting const& by, std::uint64_t number) {
  call_plan plan;
  plan.number = number;
  plan.kind = static_cast<kind>(random.below(4));
  plan.mischief = random.chance(0.6) ? mischief::none : static_cast<mischief>(random.between(1, 4));
  bool const many = plan.kind == kind::deliver || plan.kind == kind::correspond;
  if (many) plan.requests = static_cast<std::uint32_t>(random.between(1, 12));
  plan.request_size = random.skewed(by.largest);
  plan.asked.set_answers(
      static_cast<std::uint32_t>(plan.kind == kind::correspond ? random.below(4) : random.below(16)));
  plan.asked.set_size(static_cast<std::uint32_t>(random.skewed(by.largest)));
  if (random.chance(0.3)) plan.asked.set_pause_ms(static_cast<std::uint32_t>(random.skewed(300)));
  if (random.chance(0.2)) plan.asked.set_code(static_cast<std::uint32_t>(random.between(1, 16)));
  if (random.chance(0.2)) plan.asked.set_reads_most(static_cast<std::uint32_t>(random.between(1, 6)));
  plan.asked.set_at_risk(random.chance(0.3));
  plan.start = std::chrono::milliseconds{random.skewed(5000)};
  if (random.chance(0.3)) plan.client_pause = std::chrono::milliseconds{random.skewed(300)};
  plan.after = std::chrono::milliseconds{random.skewed(3000)};
  plan.leave_at = static_cast<std::uint32_t>(random.below(5));
  if (random.chance(0.4)) plan.timeout = std::chrono::milliseconds{1 + random.skewed(10'000)};
  plan.wait_for_ready = random.chance(0.5);
  plan.by_generator = random.chance(0.5);
  return plan;
}

/// A server that goes and comes again.
struct house {
  std::string name;
  counting<sluice::server_observer, std::string_view> observer;
  std::unique_ptr<sluice::server> server;
};

/// Everything of one seed.
class seed_world {
 public:
  seed_world(std::uint64_t seed, bool trace)
      : world_{seed}, setting_{setting::drawn_from(world_.random(), world_.faults())} {
    if (trace) world_.on_trace([](std::string_view line) { std::cout << line << '\n'; });
    found_.told = [this](std::string_view line) { world_.note(line); };
    world_.at_rest([this] {
      auto const now = sluice::coro::scheduler_of(world_.executor())->now();
      people_.check_deadlines(now);
      office_.check_deadlines(now);
      if (world_.elapsed() > 6h) throw sluice::testing::world_error{"calls are still there after six hours"};
    });
  }

  [[nodiscard]] std::string parameters() const {
    return setting_.to_string() + "; faults " + world_.faults().to_string();
  }

  seed_result run() {
    seed_result result;
    auto const described = parameters();  // before the faults are healed
    world_.note(described);
    try {
      open();
      world_.run(everything());
      world_.heal();
      world_.run(probes());
      close();
      check_end();
    } catch (std::exception const& error) {
      found_.add(error.what());
      world_.note(error.what());
    }
    for (auto const& each : world_.violations()) found_.add("on the wire: " + each);
    result.wrong = found_.lines;
    if (trace_ || !result.wrong.empty()) result.parameters = described;
    result.trace_hash = world_.trace_hash();
    for (auto const& [how, count] : people_.outcomes()) {
      result.outcomes[static_cast<std::size_t>(how)] += count;
      result.calls += count;
    }
    return result;
  }

 private:
  void open() {
    for (std::size_t i = 0; i != setting_.servers; ++i) {
      auto& made = *houses_.emplace_back(std::make_unique<house>());
      made.name = "server" + std::to_string(i);
      open_house(made);
    }
    for (std::size_t i = 0; i != setting_.clients; ++i) {
      auto const& to = *houses_[world_.random().below(houses_.size())];
      auto& observer = *observers_.emplace_back(std::make_unique<counting<sluice::channel_observer>>());
      sluice::channel_options options;
      options.stream_window = setting_.client_window;
      options.connection_window = setting_.connection_window;
      options.backoff_initial = 100ms;
      options.backoff_max = 5s;
      options.idle_timeout =
          world_.random().chance(0.3) ? std::chrono::milliseconds{500} : sluice::duration{30min};
      options.log = {};
      options.observer = &observer;
      channels_.push_back(
          std::make_unique<sluice::channel>(world_.executor(), world_.connector_to(to.name), options));
    }
  }

  void open_house(house& which) {
    sluice::server_options options;
    options.stream_window = setting_.server_window;
    options.connection_window = setting_.connection_window;
    options.max_concurrent_streams = setting_.max_streams;
    options.log = {};
    options.observer = &which.observer;
    which.server = std::make_unique<sluice::server>(world_.executor(), options);
    which.server->add(office_);
    world_.listen(*which.server, which.name);
  }

  task<void> everything() {
    sluice::scope all;
    for (std::uint64_t number = 1; number <= setting_.calls; ++number) {
      auto& on = *channels_[world_.random().below(channels_.size())];
      all.spawn(people_.make(on, draw_call(world_.random(), setting_, number)));
    }
    for (std::size_t i = 0; i != setting_.restarts; ++i)
      all.spawn(restart(*houses_[world_.random().below(houses_.size())],
                        std::chrono::milliseconds{world_.random().skewed(8000)}));
    co_await all.join();
  }

  task<void> restart(house& which, std::chrono::milliseconds when) {
    co_await sluice::sleep_for(when);
    if (!which.server) co_return;  // in the middle of another restart
    auto const old = std::move(which.server);
    world_.stop_listening(which.name);
    world_.note(which.name + " goes");
    auto const how = world_.random().below(3);
    if (how != 0)
      co_await old->shutdown(std::chrono::milliseconds{how == 1 ? 0 : world_.random().skewed(3000)});
    co_await down(old, which, how);
    world_.note(which.name + " comes");
    open_house(which);
  }
  task<void> down(std::unique_ptr<sluice::server> const& old, house const& which, std::uint64_t how) {
    if (how != 0 && (old->connections() != 0 || old->active_calls() != 0))
      found_.add(which.name + " was shut down and still has connections or calls");
    co_await sluice::sleep_for(std::chrono::milliseconds{world_.random().skewed(2000)});
    const_cast<std::unique_ptr<sluice::server>&>(old).reset();
  }

  // After everything has healed, every channel works.
  task<void> probes() {
    sluice::scope all;
    std::uint64_t number = 0;
    for (auto const& each : channels_) all.spawn(probe(*each, number += 1'000'000));
    co_await all.join();
  }
  task<void> probe(sluice::channel& on, std::uint64_t number) {
    sluice::status last;
    for (int i = 0; i != 20; ++i) {
      Letter letter = make_letter(++number, 0, 10, false);
      letter.mutable_plan()->set_size(10);
      sluice::call_options options;
      options.wait_for_ready().timeout(5min).metadata({{"x-call", std::to_string(number)}});
      auto call = PostStub{on}.Send(letter, options);
      auto const how = co_await sluice::as_result(call);
      if (how) co_return;
      last = how.status();
      // A server may be busy yet with handlers of streams that are gone: it refuses more than its limit.
      if (last.code() != code::unavailable) break;
      co_await sluice::sleep_for(1s);
    }
    found_.add("after everything has healed, a call ends with " + last.to_string());
  }

  task<void> shut() {
    if (setting_.shuts_channels)
      for (auto const& each : channels_) co_await each->shutdown(1s);
    if (setting_.shuts_servers)
      for (auto const& each : houses_) co_await each->server->shutdown(1s);
  }

  void close() {
    world_.run(shut());
    channels_.clear();
    for (auto const& each : houses_) each->server.reset();
    if (!world_.settle(1h)) found_.add("timers are left");
  }

  void check_end() {
    if (world_.open_connections() != 0)
      found_.add(std::to_string(world_.open_connections()) + " connections are open");
    if (office_.running() != 0) found_.add(std::to_string(office_.running()) + " handlers have not ended");
    if (people_.running() != 0) found_.add(std::to_string(people_.running()) + " calls have not ended");
    for (auto const& each : observers_)
      if (each->started != each->ended || each->opened != each->closed)
        found_.add("a channel's observer saw " + std::to_string(each->started) + " calls start and " +
                   std::to_string(each->ended) + " end, " + std::to_string(each->opened) +
                   " connections open and " + std::to_string(each->closed) + " close");
    for (auto const& each : houses_)
      if (each->observer.started != each->observer.ended || each->observer.opened != each->observer.closed)
        found_.add(each->name + "'s observer saw " + std::to_string(each->observer.started) +
                   " calls start and " + std::to_string(each->observer.ended) + " end, " +
                   std::to_string(each->observer.opened) + " connections open and " +
                   std::to_string(each->observer.closed) + " close");
  }

  bool trace_;
  findings found_;
  world world_;
  setting setting_;
  post_office office_{world_, found_};
  customer people_{world_,
                   found_,
                   {.unavailable = breaks() || setting_.max_streams < 1000,
                    .resets = world_.faults().rst > 0 || world_.faults().goaway > 0,
                    .stops = world_.faults().stop > 0}};
  std::vector<std::unique_ptr<house>> houses_;
  std::vector<std::unique_ptr<counting<sluice::channel_observer>>> observers_;
  std::vector<std::unique_ptr<sluice::channel>> channels_;

  [[nodiscard]] bool breaks() const {
    auto const& f = world_.faults();
    return setting_.restarts != 0 || f.refuse > 0 || f.reset > 0 || f.half_close > 0 || f.blackhole > 0 ||
           f.goaway > 0;
  }
};

}  // namespace

seed_result run_seed(std::uint64_t seed, bool trace) {
  static bool warm = false;  // what a program makes once is no leak of its first seed
  seed_result result;
  watch_memory();
  auto const before = memory_in_use();
  // A thread of its own takes its pools with it when it ends: nothing may be left then.
  std::thread{[&] { result = seed_world{seed, trace}.run(); }}.join();
  result.peak_memory = memory_peak() - before;
  bool const well = result.wrong.empty();
  if (auto const after = memory_in_use(); warm && well && !trace && after != before)
    result.wrong.push_back(std::to_string(after - before) + " bytes are left");
  warm = true;
  return result;
}

}  // namespace simulated
