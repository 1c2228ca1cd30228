// SPDX-License-Identifier: Apache-2.0
// Shows how a deadline and a cancel travel over two hops: this client -> Front -> Back.
#include "deadlines.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::int64_t ms_since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin).count();
}

deadlines::Job new_job() {
  static int number = 0;
  deadlines::Job job;
  job.set_id(std::to_string(getpid()) + '/' + std::to_string(++number));
  return job;
}

sluice::task<std::string> ending(deadlines::FrontStub front, deadlines::Job job) {
  auto const end = co_await front.Ending(job, sluice::call_options{}.timeout(5s));
  co_return end.how();
}

sluice::task<void> show_shrinking(deadlines::FrontStub front) {
  deadlines::Job job = new_job();
  job.set_front_ms(200);
  auto const report = co_await front.Work(job, sluice::call_options{}.timeout(1000ms));
  std::cout << "A deadline shrinks on its way:\n"
            << "  the client gives      1000 ms\n"
            << "  the front is left     " << report.left_at_front_ms() << " ms, and works for 200 ms\n"
            << "  the back is left      " << report.left_at_back_ms()
            << " ms, though the front would give it a minute\n"
            << "  the back's work       " << co_await ending(front, job) << '\n';
}

sluice::task<void> show_passing(deadlines::FrontStub front) {
  deadlines::Job job = new_job();
  job.set_back_ms(60'000);
  auto const begin = steady_clock::now();
  auto const report = co_await sluice::as_result(front.Work(job, sluice::call_options{}.timeout(300ms)));
  if (report) throw std::runtime_error{"a minute's work was done in 300 ms"};
  std::cout << "A deadline ends the work at every hop:\n"
            << "  the client            " << to_string(report.status().code()) << " after " << ms_since(begin)
            << " ms\n"
            << "  the back's work       stopped: " << co_await ending(front, job) << '\n';
}

sluice::task<void> show_cancel(deadlines::FrontStub front) {
  deadlines::Job const job = new_job();
  auto ticks = front.Watch(job, sluice::call_options{}.timeout(10s));
  std::cout << "A cancel in the middle of a stream reaches the last hop:\n  the back ticks       ";
  for (int i = 0; i != 3; ++i) {
    auto const* const tick = co_await ticks.next();
    if (tick == nullptr) throw std::runtime_error{"the stream ended by itself"};
    std::cout << ' ' << tick->number() << std::flush;
  }
  auto const begin = steady_clock::now();
  ticks.cancel();
  std::string const how = co_await ending(front, job);
  std::cout << ", and the client cancels\n"
            << "  the back's work       stopped: " << how << ", as the client knew " << ms_since(begin)
            << " ms later\n";
}

sluice::task<void> show_all(deadlines::FrontStub front) {
  co_await show_shrinking(front);
  co_await show_passing(front);
  co_await show_cancel(front);
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  sample::program program{"Shows a deadline and a cancel on their way over two hops."};
  program.calls(target);
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, show_all(deadlines::FrontStub{channel}));
  });
}
