// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "back.hpp"
#include "deadlines.sluice.hpp"

#include <sluice/sluice.hpp>

#include <chrono>

/// The first hop. Its calls to the Back inherit the deadline and the stop of the call that it serves.
class Front final : public deadlines::FrontService {
 public:
  explicit Front(sluice::channel& to_back) : back_{to_back} {}

 private:
  sluice::task<deadlines::Report> Work(deadlines::Job job) override {
    auto const left = co_await time_left();
    co_await sluice::sleep_for(std::chrono::milliseconds{job.front_ms()});
    // It would give the Back a minute. What counts is the stricter: the minute, or what is left of our own
    // caller's time.
    auto const options = sluice::call_options{}.timeout(std::chrono::minutes{1});
    deadlines::Report report = co_await back_.Work(job, options);
    report.set_left_at_front_ms(left);
    co_return report;
  }

  // A stream that is passed on as it comes, with its backpressure. When our call is cancelled, so is the Back's.
  sluice::generator<deadlines::Tick> Watch(deadlines::Job job) override {
    return back_.Watch(job).messages();
  }

  sluice::task<deadlines::End> Ending(deadlines::Job job) override { co_return co_await back_.Ending(job); }

  deadlines::BackStub back_;
};
