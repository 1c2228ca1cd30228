// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "deadlines.sluice.hpp"

#include <sluice/sluice.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

/// Milliseconds until the deadline of the call that is being served.
inline sluice::task<std::int64_t> time_left() {
  sluice::deadline const until = co_await sluice::this_deadline;
  if (until.is_never()) co_return sluice::status{sluice::code::invalid_argument, "call with a deadline"};
  auto const left = until.remaining(std::chrono::steady_clock::now());
  co_return std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
}

/// The last hop. Nothing here looks at a deadline or at a cancel: whatever is awaited ends by itself.
class Back final : public deadlines::BackService {
  sluice::task<deadlines::Report> Work(deadlines::Job job) override {
    running const work{*this, job.id(), co_await sluice::this_stop};
    deadlines::Report report;
    report.set_left_at_back_ms(co_await time_left());
    co_await sluice::sleep_for(
        std::chrono::milliseconds{job.back_ms()});  // stands for a query, a file, a socket
    co_return report;
  }

  sluice::generator<deadlines::Tick> Watch(deadlines::Job job) override {
    running const work{*this, job.id(), co_await sluice::this_stop};
    for (int number = 1;; ++number) {
      deadlines::Tick tick;
      tick.set_number(number);
      co_yield tick;
      co_await sluice::sleep_for(std::chrono::milliseconds{50});
    }
  }

  sluice::task<deadlines::End> Ending(deadlines::Job job) override {
    auto const found = jobs_.find(job.id());
    if (found == jobs_.end())
      co_return sluice::status{sluice::code::not_found, "no job of this id: " + job.id()};
    auto const record = found->second;  // shared: while this waits, the map may change
    co_await record->ended.wait();
    jobs_.erase(job.id());
    deadlines::End end;
    end.set_how(record->how);
    co_return end;
  }

  struct record {
    sluice::event ended;
    std::string how;
  };

  /// However a handler ends, by a stop, an error or its last line, its locals are destroyed: that is where to
  /// clean up.
  class running {
   public:
    running(Back& back, std::string const& id, sluice::stop_token stop)
        : record_{std::make_shared<record>()}, stop_{stop} {
      back.jobs_.insert_or_assign(id, record_);
      if (back.jobs_.size() > 1000) back.jobs_.erase(back.jobs_.begin());  // nobody need ask for them
    }
    running(running const&) = delete;
    running& operator=(running const&) = delete;
    ~running() {
      record_->how = stop_.stop_requested() ? std::string{to_string(stop_.reason())} : "finished";
      record_->ended.set();
    }

   private:
    std::shared_ptr<record> record_;
    sluice::stop_token stop_;
  };

  std::map<std::string, std::shared_ptr<record>> jobs_;
};
