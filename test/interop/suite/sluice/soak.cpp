// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace suite {
namespace {

using clock = std::chrono::steady_clock;

/// What one thread saw.
struct tally {
  std::vector<clock::duration> took;
  std::vector<std::string> failures;
  std::string broken;  // why the thread did not go on
};

class soaker {
 public:
  soaker(client_flags const& flags, bool channel_for_each, std::uint32_t iterations, clock::time_point end,
         tally& seen)
      : flags_{flags}, channel_for_each_{channel_for_each}, iterations_{iterations}, end_{end}, seen_{seen} {}

  void run() {
    try {
      sluice::run(io_, iterate());
    } catch (std::exception const& error) { seen_.broken = error.what(); }
  }

 private:
  task<void> iterate() {
    auto const request = simple_request(static_cast<std::int32_t>(flags_.soak_request_size),
                                        static_cast<std::int32_t>(flags_.soak_response_size));
    for (std::uint32_t i = 0; i != iterations_ && clock::now() < end_; ++i) {
      auto const begun = clock::now();
      if (channel_for_each_ || !channel_)
        channel_ =
            std::make_unique<sluice::channel>(io_.get_executor(), flags_.target(), channel_options(flags_));
      co_await once(request, begun);
      if (channel_for_each_) co_await channel_->shutdown(1s);
      auto const next = begun + std::chrono::milliseconds{flags_.soak_min_time_ms_between_rpcs};
      if (auto const wait = next - clock::now(); wait > 0ms) co_await sluice::sleep_for(wait);
    }
    if (channel_) co_await channel_->shutdown(1s);
  }

  task<void> once(SimpleRequest const& request, clock::time_point begun) {
    grpc::testing::TestServiceStub const stub{*channel_};
    auto const options =
        sluice::call_options{}.deadline(sluice::deadline{end_ + 1s}).metadata(flags_.metadata());
    auto call = stub.UnaryCall(request, options);
    auto const outcome = co_await sluice::as_result(call);
    auto const took = clock::now() - begun;
    seen_.took.push_back(took);
    if (!outcome) seen_.failures.push_back(outcome.status().to_string());
    else if (outcome->payload().body().size() != flags_.soak_response_size)
      seen_.failures.push_back("a payload of another size");
    else if (took > std::chrono::milliseconds{flags_.soak_per_iteration_max_acceptable_latency_ms})
      seen_.failures.push_back("it took " + std::to_string(took / 1ms) + " ms");
  }

  client_flags const& flags_;
  bool channel_for_each_;
  std::uint32_t iterations_;
  clock::time_point end_;
  tally& seen_;
  boost::asio::io_context io_{1};
  std::unique_ptr<sluice::channel> channel_;
};

std::string summary(client_flags const& flags, std::vector<clock::duration> took, std::size_t failures) {
  std::ranges::sort(took);
  auto const at = [&](std::size_t percent) {
    return took.empty() ? 0 : took[(took.size() - 1) * percent / 100] / 1ms;
  };
  return std::to_string(took.size()) + " of " + std::to_string(flags.soak_iterations) + " iterations, " +
         std::to_string(failures) + " failed; median " + std::to_string(at(50)) + " ms, 90th " +
         std::to_string(at(90)) + " ms, worst " + std::to_string(at(100)) + " ms";
}

}  // namespace

void soak(client_flags const& flags, bool channel_for_each) {
  auto const threads = std::max(1U, flags.soak_num_threads);
  auto const end = clock::now() + std::chrono::seconds{flags.soak_overall_timeout_seconds};
  std::vector<tally> seen(threads);
  std::vector<std::thread> running;
  for (std::uint32_t i = 0; i != threads; ++i) {
    auto const share = flags.soak_iterations / threads + (i < flags.soak_iterations % threads ? 1 : 0);
    running.emplace_back([&flags, channel_for_each, share, end, &into = seen[i]] {
      soaker{flags, channel_for_each, share, end, into}.run();
    });
  }
  for (auto& each : running) each.join();

  std::vector<clock::duration> took;
  std::vector<std::string> failures;
  for (auto const& each : seen) {
    expect(each.broken.empty(), each.broken);
    took.insert(took.end(), each.took.begin(), each.took.end());
    failures.insert(failures.end(), each.failures.begin(), each.failures.end());
  }
  auto const said = summary(flags, took, failures.size());
  std::cerr << said << '\n';
  expect(took.size() == flags.soak_iterations, said);
  expect(failures.size() <= flags.soak_max_failures,
         said + "; the first: " + (failures.empty() ? "" : failures.front()));
}

}  // namespace suite
