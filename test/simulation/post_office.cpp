// SPDX-License-Identifier: Apache-2.0
#include "post_office.hpp"

#include <chrono>
#include <optional>

namespace simulated {

using sluice::generator;
using sluice::server_call;
using sluice::status;
using sluice::task;

/// A handler that runs.
class post_office::visit {
 public:
  explicit visit(post_office& in) : office_{in} { office_.running_.insert(this); }
  visit(visit const&) = delete;
  visit& operator=(visit const&) = delete;
  ~visit() { office_.running_.erase(this); }

  server_call* call = nullptr;
  std::uint64_t number = 0;

 private:
  post_office& office_;
};

void post_office::begin(visit& here, server_call& call, Letter const& first) {
  here.call = &call;
  here.number = first.call();
  if (!seen_.insert(first.call()).second)
    found_.add("call " + std::to_string(first.call()) + " came to a server twice");
  auto const named = std::to_string(first.call());
  if (call.metadata().get("x-call") != std::optional<std::string_view>{named})
    found_.add("call " + named + ": its metadata did not come");
  call.add_initial_metadata("x-initial", named);
  call.add_trailing_metadata("x-trailing-bin", named);
}

void post_office::check(Letter const& letter, std::uint64_t call, std::uint32_t index) {
  if (auto const wrong = check_letter(letter, call, index, false); !wrong.empty())
    found_.add("the server, call " + std::to_string(call) + ": " + wrong);
}

namespace {
task<void> sleep_ms(std::uint32_t ms) { co_await sluice::sleep_for(std::chrono::milliseconds{ms}); }
task<void> nothing() { co_return; }
}  // namespace

task<void> post_office::pause(Plan const& plan) {
  if (plan.at_risk()) return world_.at_risk(sleep_ms(plan.pause_ms()));
  return plan.pause_ms() == 0 ? nothing() : sleep_ms(plan.pause_ms());
}

task<Letter> post_office::Send(Letter request) {
  visit here{*this};
  begin(here, co_await sluice::this_call, request);
  check(request, request.call(), 0);
  co_await pause(request.plan());
  if (auto const end = planned_end(request.plan()); !end.ok()) co_return end;
  co_return make_letter(request.call(), 0, request.plan().size(), true);
}

generator<Letter> post_office::Collect(Letter request) {
  visit here{*this};
  begin(here, co_await sluice::this_call, request);
  check(request, request.call(), 0);
  for (std::uint32_t i = 0; i != request.plan().answers(); ++i) {
    co_await pause(request.plan());
    co_yield make_letter(request.call(), i, request.plan().size(), true);
  }
  if (auto const end = planned_end(request.plan()); !end.ok()) co_yield end;
}

task<Letter> post_office::Deliver(generator<Letter> letters) {
  visit here{*this};
  server_call& call = co_await sluice::this_call;
  Plan plan;
  std::uint64_t number = 0;
  std::uint32_t count = 0;
  while (auto const* const letter = co_await letters.next()) {
    if (count == 0) {
      number = letter->call();
      plan = letter->plan();
      begin(here, call, *letter);
    }
    check(*letter, number, count++);
    if (count == plan.reads_most()) break;
    co_await pause(plan);
  }
  if (auto const end = planned_end(plan); !end.ok()) co_return end;
  Letter answer = make_letter(number, count, plan.size(), true);
  co_return answer;
}

generator<Letter> post_office::Correspond(generator<Letter> letters) {
  visit here{*this};
  server_call& call = co_await sluice::this_call;
  Plan plan;
  std::uint64_t number = 0;
  std::uint32_t count = 0;
  std::uint32_t answered = 0;
  while (auto const* const letter = co_await letters.next()) {
    if (count == 0) {
      number = letter->call();
      plan = letter->plan();
      begin(here, call, *letter);
    }
    check(*letter, number, count++);
    co_await pause(plan);
    for (std::uint32_t i = 0; i != plan.answers(); ++i)
      co_yield make_letter(number, answered++, plan.size(), true);
    if (count == plan.reads_most()) break;
  }
  if (auto const end = planned_end(plan); !end.ok()) co_yield end;
}

void post_office::check_deadlines(sluice::time_point now) {
  for (auto const* const each : running_) {
    if (each->call == nullptr || each->call->deadline().is_never()) continue;
    constexpr std::chrono::milliseconds tick{1};
    if (now > each->call->deadline().at() + tick && !each->call->stop().stop_requested())
      found_.add("the handler of call " + std::to_string(each->number) +
                 " runs beyond its deadline, and was not told");
  }
}

}  // namespace simulated
