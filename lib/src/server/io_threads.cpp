// SPDX-License-Identifier: Apache-2.0
#include <sluice/server/io_threads.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <thread>
#include <vector>

namespace sluice {

struct io_threads::state {
  struct worker {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    std::thread thread{};
  };
  std::vector<std::unique_ptr<worker>> workers;
};

io_threads::io_threads(std::size_t count) : state_{std::make_unique<state>()} {
  for (std::size_t i = 0; i != std::max<std::size_t>(count, 1); ++i) {
    auto& made = *state_->workers.emplace_back(std::make_unique<state::worker>());
    made.thread = std::thread{[&io = made.io] { io.run(); }};
  }
}

io_threads::~io_threads() {
  for (auto const& each : state_->workers) each->io.stop();
  join();
}

std::size_t io_threads::size() const noexcept { return state_->workers.size(); }

boost::asio::any_io_executor io_threads::executor(std::size_t index) const {
  return state_->workers.at(index)->io.get_executor();
}

void io_threads::join() {
  for (auto const& each : state_->workers) {
    each->work.reset();
    if (each->thread.joinable()) each->thread.join();
  }
}

}  // namespace sluice
