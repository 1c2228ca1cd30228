// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/executor.hpp>
#include <sluice/coro/run.hpp>

#include <boost/asio/io_context.hpp>

namespace sluice::coro {

blocking::blocking(boost::asio::io_context& io) : where_{scheduler_of(io.get_executor())}, context_{*where_} {
  if (where_->is_current())
    throw status_error{code::failed_precondition, "run inside a task: co_await it instead"};
  where_->adopt(*this);
}
blocking::~blocking() {
  root::unlink();  // as long as there is a scheduler: the last to hold it may be a thread of a pool
}

void blocking::start() {
  where_->turn([this] { start(context_, *this); });
}

void blocking::stop() {
  where_->turn([this] { context_.stop().request_stop(stop_reason::local); });
}

void blocking::completed() noexcept {
  done_ = true;
  if (detached_) where_->ready(*this);
}

void blocking::run() noexcept {
  auto const keep = where_;
  delete this;
}

void blocking::abandon() noexcept {
  if (detached_) delete this;
  else drop();
}

void blocking::run(boost::asio::io_context& io, std::unique_ptr<blocking>& top) {
  io.restart();
  try {
    top->start();
    while (!top->done_) {
      if (io.run_one() != 0) continue;
      constexpr int last_steps = 10'000;  // bounded: others may keep `io` busy for ever
      top->stop();
      io.restart();
      for (int i = 0; i != last_steps && !top->done_ && io.poll_one() != 0; ++i) {}
      io.stop();
      throw status_error{code::failed_precondition,
                         "run: the io_context was stopped, or nothing is left that could end the task"};
    }
  } catch (...) {  // ours, or what another handler of `io` threw
    top->stop();
    // The caller waits no more: it lives until the task has ended, or the executor's context goes away.
    if (!top->done_) top.release()->detached_ = true;
    throw;
  }
}

}  // namespace sluice::coro

namespace sluice {

template class coro::blocking_task<void>;
template void run<void>(boost::asio::io_context& io, task<void> what);

}  // namespace sluice
