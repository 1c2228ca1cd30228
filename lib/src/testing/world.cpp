// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/world.hpp>

#include "testing/link.hpp"
#include "testing/simulation.hpp"

#include <sluice/coro/event.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

namespace sluice::testing {
namespace {

// No test needs so many steps before time passes; what spins is stopped here.
constexpr std::uint64_t most_steps = 5'000'000;
constexpr std::uint64_t advanced = 20;
constexpr std::uint64_t connected = 21;
constexpr std::uint64_t refused = 22;
constexpr std::uint64_t noted = 23;
constexpr std::uint64_t stopped = 24;

}  // namespace

struct world::impl final : clock_source, coro::director {
  explicit impl(std::uint64_t seed) : shared{seed, context->get_executor()} {
    shared.scheduler->use_clock(this);
    shared.scheduler->use_director(this);
    shared.began = time;
  }
  ~impl() {
    for (auto const& each : links)
      if (auto const alive = each.lock()) alive->drop_waiters();
    context.reset();  // what still waits goes with it, and uses the rest of this
    shared.scheduler->use_director(nullptr);
    shared.scheduler->use_clock(nullptr);
  }

  [[nodiscard]] time_point now() const noexcept override { return time; }

  // One of the tasks at risk, now.
  bool strike() noexcept {
    if (at_risk.empty() || !shared.random.chance(shared.faults.stop)) return false;
    auto const index = shared.random.below(at_risk.size());
    shared.record(stopped, index, [] { return std::string{"a task at risk is stopped"}; });
    at_risk[index]->set();
    return true;
  }
  [[nodiscard]] std::size_t postponed() noexcept override {
    strike();
    std::size_t behind = 0;
    while (behind != 16 && shared.random.chance(shared.faults.reorder)) ++behind;
    return behind;
  }
  [[nodiscard]] std::uint32_t random_seed() noexcept override {
    return static_cast<std::uint32_t>(shared.random.next());
  }

  // True: something ran. Time does not pass.
  bool step() {
    if (context->stopped()) context->restart();
    if (context->poll_one() == 0) return false;
    if (++steps_since > most_steps) throw world_error{"the world never comes to rest"};
    return true;
  }
  // To the next timer, at most to `latest`. False: there is none until then.
  bool advance(time_point latest) {
    for (auto const& each : links)
      if (auto const alive = each.lock()) alive->at_rest();
    if (rests) rests();
    auto const next = shared.scheduler->timers().next_expiry();
    if (!next || *next > latest) return false;
    if (strike()) return true;
    time_point to = std::max(*next, time);
    if (shared.random.chance(shared.faults.clock_jump))
      to = std::min(latest, to + duration{static_cast<duration::rep>(shared.random.below(
                                     static_cast<std::uint64_t>(shared.faults.max_jump.count())))});
    move_to(to);
    return true;
  }
  void move_to(time_point to) {
    time = to;
    steps_since = 0;
    shared.mix(advanced);
    shared.scheduler->clock_moved();
  }

  std::unique_ptr<byte_stream> connect(server* to, std::string const& name) {
    if (to == nullptr || shared.random.chance(shared.faults.refuse)) {
      shared.record(refused, 0, [&] { return "a connect to " + name + " is refused"; });
      return nullptr;
    }
    std::erase_if(links, [](auto const& each) { return each.expired(); });
    auto const id = ++link_count;
    auto const made = std::make_shared<link>(shared, id, name);
    links.push_back(made);
    shared.record(connected, id, [&] { return "link " + std::to_string(id) + " to " + name; });
    auto [client, far] = made->ends();
    to->serve(std::move(far));
    return std::move(client);
  }

  std::unique_ptr<boost::asio::io_context> context = std::make_unique<boost::asio::io_context>(1);
  time_point time{std::chrono::hours{1}};
  simulation shared;
  std::map<std::string, server*, std::less<>> listening;
  std::vector<std::weak_ptr<link>> links;
  std::uint64_t link_count = 0;
  std::uint64_t steps_since = 0;
  std::vector<event*> at_risk;
  std::function<void()> rests;
};

world::world(std::uint64_t seed) : impl_{std::make_unique<impl>(seed)} {
  impl_->shared.faults = world_faults::drawn_from(impl_->shared.random);
}
world::world(std::uint64_t seed, world_faults faults) : impl_{std::make_unique<impl>(seed)} {
  impl_->shared.faults = faults;
}
world::~world() = default;

boost::asio::any_io_executor world::executor() { return impl_->shared.executor; }
boost::asio::io_context& world::io() noexcept { return *impl_->context; }
random_numbers& world::random() noexcept { return impl_->shared.random; }
world_faults const& world::faults() const noexcept { return impl_->shared.faults; }
duration world::elapsed() const noexcept { return impl_->time - impl_->shared.began; }

// ---- the network -----------------------------------------------------------------------------------------------------

void world::listen(server& to, std::string name) { impl_->listening[std::move(name)] = &to; }
void world::stop_listening(std::string_view name) {
  if (auto const found = impl_->listening.find(name); found != impl_->listening.end())
    impl_->listening.erase(found);
}
channel::connector world::connector_to(std::string name) {
  return [self = impl_.get(), name = std::move(name)] {
    auto const found = self->listening.find(name);
    return self->connect(found == self->listening.end() ? nullptr : found->second, name);
  };
}
channel::connector world::connector_to(server& to) {
  return [self = impl_.get(), &to] { return self->connect(&to, "server"); };
}
std::size_t world::open_connections() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(impl_->links.begin(), impl_->links.end(), [](auto const& each) {
        auto const alive = each.lock();
        return alive && alive->is_open();
      }));
}

// ---- time and chance -------------------------------------------------------------------------------------------------

void world::run_until(running const& what) {
  impl_->steps_since = 0;
  while (!what.over) {
    if (impl_->step() || impl_->advance(time_point::max())) continue;
    throw world_error{"the task waits for something that nothing will bring"};
  }
  if (what.error) std::rethrow_exception(what.error);
}

void world::run_for(duration time) {
  time_point const until = impl_->time + time;
  impl_->steps_since = 0;
  while (impl_->step() || impl_->advance(until)) {}
  impl_->move_to(until);
  while (impl_->step()) {}
}

bool world::settle(duration limit) {
  time_point const until = impl_->time + limit;
  impl_->steps_since = 0;
  while (impl_->step() || impl_->advance(until)) {}
  return impl_->shared.scheduler->timers().empty();
}

task<std::exception_ptr> world::doom() {
  event struck;
  struct entry {
    entry(std::vector<event*>& list, event& what) : all{list}, mine{what} { all.push_back(&mine); }
    entry(entry const&) = delete;
    entry& operator=(entry const&) = delete;
    ~entry() { std::erase(all, &mine); }
    std::vector<event*>& all;
    event& mine;
  } const listed{impl_->at_risk, struck};
  co_await struck.wait();
  co_return std::make_exception_ptr(status_error{code::cancelled, "stopped by the world"});
}

void world::heal() {
  impl_->shared.faults = world_faults{};
  note("healed");
  for (auto const& each : std::vector{impl_->links})
    if (auto const alive = each.lock()) alive->heal();
}

// ---- what happened ---------------------------------------------------------------------------------------------------

std::uint64_t world::trace_hash() const noexcept { return impl_->shared.hash; }
void world::note(std::string_view line) {
  impl_->shared.record(noted, line.size(), [&] { return std::string{line}; });
  impl_->shared.mix(as_bytes(line));
}
void world::on_trace(std::function<void(std::string_view)> told) { impl_->shared.told = std::move(told); }
void world::at_rest(std::function<void()> told) { impl_->rests = std::move(told); }
std::vector<std::string> const& world::violations() const noexcept { return impl_->shared.violations; }

}  // namespace sluice::testing
