// SPDX-License-Identifier: Apache-2.0
#include "customer.hpp"

#include <exception>
#include <utility>

namespace simulated {

using sluice::call_options;
using sluice::channel;
using sluice::code;
using sluice::generator;
using sluice::status;
using sluice::task;
using namespace std::chrono_literals;

namespace {
Letter letter_of(call_plan const& plan, std::uint32_t index) {
  Letter made = make_letter(plan.number, index, plan.request_size, false);
  if (index == 0) *made.mutable_plan() = plan.asked;
  return made;
}
}  // namespace

struct customer::attempt {
  call_plan plan;
  findings& found;
  std::uint32_t answers = 0;
  std::optional<status> end = std::nullopt;  // once, and only once
  bool left = false;          // on purpose
  sluice::time_point deadline = sluice::time_point::max();
  std::function<bool()> ended = nullptr;  // while the call is there
  bool overdue = false;
  bool metadata_is_right = true;

  void got(Letter const& letter, std::uint32_t index) {
    ++answers;
    if (auto const wrong = check_letter(letter, plan.number, index, true); !wrong.empty())
      found.add("the client, call " + std::to_string(plan.number) + ": " + wrong);
    if (letter.body().size() != plan.asked.size())
      found.add("the client, call " + std::to_string(plan.number) + ": an answer of another size");
  }
  void is_over(status how) {
    if (end) found.add("call " + std::to_string(plan.number) + " ended twice");
    end = std::move(how);
  }
  template <class Call>
  void look_at(Call const& call, status const& how) {
    auto const named = std::to_string(plan.number);
    if (call.ended() && how.ok() && !(call.status() == how))
      found.add("call " + named + " is OK to its caller, and " + call.status().to_string() + " by itself");
    if (!how.ok() || !call.ended()) return;
    metadata_is_right =
        call.initial_metadata().get("x-initial") == std::optional<std::string_view>{named} &&
        call.trailing_metadata().get("x-trailing-bin") == std::optional<std::string_view>{named};
  }
  [[nodiscard]] call_options options() const {
    call_options made;
    made.metadata({{"x-call", std::to_string(plan.number)}});
    if (plan.timeout) made.timeout(*plan.timeout);
    made.wait_for_ready(plan.wait_for_ready);
    return made;
  }
  [[nodiscard]] bool leaves_now() {
    if (plan.mischief != mischief::leave || answers < plan.leave_at) return false;
    return left = true;
  }
};

namespace {

/// For as long as the call is there, others may ask it whether it has ended.
template <class Attempt, class Call>
class watched {
 public:
  watched(Attempt& of, Call& call) : of_{of} {
    of_.ended = [&call] { return call.ended(); };
  }
  watched(watched const&) = delete;
  watched& operator=(watched const&) = delete;
  ~watched() { of_.ended = nullptr; }

 private:
  Attempt& of_;
};

template <class Call>
task<void> cancel_later(Call& call, std::chrono::milliseconds after) {
  co_await sluice::sleep_for(after);
  call.cancel();
}

// It may outlive its call, and what the call's owner took with it.
generator<Letter> letters_of(call_plan plan) {
  for (std::uint32_t i = 0; i != plan.requests; ++i) {
    if (plan.client_pause != 0ms) co_await sluice::sleep_for(plan.client_pause);
    co_yield letter_of(plan, i);
  }
}

/// Runs `body` beside a cancel, if one is planned.
template <class Call>
task<void> beside_cancel(Call& call, call_plan const& plan, task<void> body) {
  sluice::scope beside;
  if (plan.mischief == mischief::cancel) beside.spawn(cancel_later(call, plan.after));
  std::exception_ptr error;
  try {
    co_await std::move(body);
  } catch (...) { error = std::current_exception(); }
  beside.request_stop();
  try {
    co_await beside.join();
  } catch (sluice::status_error const&) {  // stopped ourselves
  }
  if (error) std::rethrow_exception(error);
}

template <class Call>
task<void> write_all(Call& call, auto const& of) {
  for (std::uint32_t i = 0; i != of.plan.requests; ++i) {
    if (i != 0 && of.plan.client_pause != 0ms) co_await sluice::sleep_for(of.plan.client_pause);
    Letter const letter = letter_of(of.plan, i);
    co_await call.write(letter);
  }
}

template <class Call, class Attempt>
task<void> read_answers(Call& call, Attempt& of) {
  std::uint32_t index = 0;
  while (!of.leaves_now()) {
    auto const* const letter = co_await call.next();
    if (letter == nullptr) {
      of.is_over(status{});
      break;
    }
    of.got(*letter, index++);
    if (of.plan.client_pause != 0ms && index % 4 == 0) co_await sluice::sleep_for(of.plan.client_pause);
  }
  of.look_at(call, of.end.value_or(status{code::cancelled, "left"}));
}

template <class Call>
task<void> write_and_finish(Call& call, auto const& of) {
  co_await write_all(call, of);
  co_await call.writes_done();
}

template <class Call, class Attempt>
task<void> converse(Call& call, Attempt& of) {
  sluice::scope writing;
  writing.spawn(write_and_finish(call, of));
  std::exception_ptr error;
  try {
    co_await read_answers(call, of);
  } catch (...) { error = std::current_exception(); }
  writing.request_stop();
  try {
    co_await writing.join();
  } catch (sluice::status_error const&) {  // a write fails as its call does: the reader says how
  }
  if (error) std::rethrow_exception(error);
}

template <class Call, class Attempt>
task<void> take_answer(Call& call, Attempt& of, std::uint32_t index) {
  Letter const letter = co_await call;
  of.got(letter, index);
  of.is_over(status{});
  of.look_at(call, status{});
}

template <class Call, class Attempt>
task<void> write_and_take(Call& call, Attempt& of, std::uint32_t index) {
  try {
    co_await write_all(call, of);
  } catch (sluice::status_error const&) {  // a handler that ended early: the answer says how
    if (!call.ended()) throw;
  }
  Letter const letter = co_await call.finish();
  of.got(letter, index);
  of.is_over(status{});
  of.look_at(call, status{});
}

std::uint32_t read_by_server(call_plan const& plan) {
  auto const most = plan.asked.reads_most();
  return most == 0 || most > plan.requests ? plan.requests : most;
}

}  // namespace

task<void> customer::send(channel& on, attempt& of) {
  auto call = PostStub{on}.Send(letter_of(of.plan, 0), of.options());
  watched const here{of, call};
  co_await beside_cancel(call, of.plan, take_answer(call, of, 0));
}

task<void> customer::collect(channel& on, attempt& of) {
  auto call = PostStub{on}.Collect(letter_of(of.plan, 0), of.options());
  watched const here{of, call};
  co_await beside_cancel(call, of.plan, read_answers(call, of));
}

task<void> customer::deliver(channel& on, attempt& of) {
  if (of.plan.by_generator) {
    auto call = PostStub{on}.Deliver(letters_of(of.plan), of.options());
    watched const here{of, call};
    co_await beside_cancel(call, of.plan, take_answer(call, of, read_by_server(of.plan)));
  } else {
    auto call = PostStub{on}.Deliver(of.options());
    watched const here{of, call};
    co_await beside_cancel(call, of.plan, write_and_take(call, of, read_by_server(of.plan)));
  }
}

task<void> customer::correspond(channel& on, attempt& of) {
  if (of.plan.by_generator) {
    auto call = PostStub{on}.Correspond(letters_of(of.plan), of.options());
    watched const here{of, call};
    co_await beside_cancel(call, of.plan, read_answers(call, of));
  } else {
    auto call = PostStub{on}.Correspond(of.options());
    watched const here{of, call};
    co_await beside_cancel(call, of.plan, converse(call, of));
  }
}

task<void> customer::run(channel& on, attempt& call) {
  switch (call.plan.kind) {
    case kind::send: return send(on, call);
    case kind::collect: return collect(on, call);
    case kind::deliver: return deliver(on, call);
    case kind::correspond: break;
  }
  return correspond(on, call);
}

task<void> customer::make(channel& on, call_plan plan) {
  co_await sluice::sleep_for(plan.start);
  attempt call{std::move(plan), found_};
  if (call.plan.timeout) {
    auto const now = sluice::coro::scheduler::current()->now();
    call.deadline = now + *call.plan.timeout;
  }
  auto const number = call.plan.number;
  live_[number] = &call;
  world_.note("call " + std::to_string(number) + " begins");
  try {
    if (call.plan.mischief == mischief::at_risk) {
      co_await world_.at_risk(run(on, call));
    } else if (call.plan.mischief == mischief::withdraw) {
      sluice::scope own;
      own.spawn(run(on, call));
      co_await sluice::sleep_for(call.plan.after);
      own.request_stop();
      co_await own.join();
    } else {
      co_await run(on, call);
    }
  } catch (sluice::status_error const& error) {
    // The world may stop a task in the very turn in which it ends.
    if (call.plan.mischief != mischief::at_risk || !call.end) call.is_over(error.status());
  } catch (std::exception const& error) {
    found_.add("call " + std::to_string(number) + " threw: " + error.what());
  }
  live_.erase(number);
  judge(call);
}

// ---- what is right ---------------------------------------------------------------------------------------------------

bool customer::may_end_with(call_plan const& plan, code how) const {
  auto const planned = static_cast<code>(plan.asked.code());
  if (how == planned) return true;
  bool const stopped = plan.mischief != mischief::none || (plan.asked.at_risk() && allowed_.stops);
  switch (how) {
    case code::deadline_exceeded: return plan.timeout.has_value();
    case code::cancelled: return stopped || allowed_.resets;
    case code::unavailable: return allowed_.unavailable || allowed_.resets;
    case code::internal:
    case code::unknown:
    case code::resource_exhausted:
    case code::permission_denied: return allowed_.resets;
    default: return false;
  }
}

void customer::judge(attempt const& call) {
  auto const& plan = call.plan;
  auto const name = "call " + std::to_string(plan.number);
  if (!call.end) {
    bool const interrupted = plan.mischief == mischief::leave || plan.mischief == mischief::at_risk ||
                             plan.mischief == mischief::withdraw;
    if (!interrupted) found_.add(name + " ended without a status");
    ++outcomes_[code::cancelled];
    return;
  }
  ++outcomes_[call.end->code()];
  world_.note(name + " ended: " + call.end->to_string());
  if (!may_end_with(plan, call.end->code()))
    found_.add(name + " ended unexpectedly: " + call.end->to_string());
  if (!call.end->ok()) return;
  if (!call.metadata_is_right) found_.add(name + " is OK, without its metadata");
  std::uint32_t expected = 1;
  if (plan.kind == kind::collect) expected = plan.asked.answers();
  if (plan.kind == kind::correspond) expected = plan.asked.answers() * read_by_server(plan);
  if (call.answers != expected)
    found_.add(name + " is OK with " + std::to_string(call.answers) + " answers instead of " +
               std::to_string(expected));
}

void customer::check_deadlines(sluice::time_point now) {
  constexpr auto tick = 1ms;
  for (auto const& [number, call] : live_) {
    if (call->deadline == sluice::time_point::max() || now <= call->deadline + tick || call->overdue)
      continue;
    if (!call->ended || call->ended()) continue;
    call->overdue = true;
    found_.add("call " + std::to_string(number) + " lives beyond its deadline");
  }
}

}  // namespace simulated
