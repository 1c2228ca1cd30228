// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/event_loop.hpp>
#include <sluice/coro/serial_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <memory>
#include <utility>

namespace sluice {

struct event_loop::state {
  boost::asio::io_context io{1};
  std::unique_ptr<boost::asio::signal_set> signals;
  unsigned asked = 0;  // how often: the end of an earlier wait may be on its way
};

event_loop::event_loop() : state_{std::make_unique<state>()} {}
event_loop::~event_loop() = default;

void event_loop::run() {
  state_->io.restart();
  state_->io.run();
}

void event_loop::stop() noexcept { state_->io.stop(); }

void event_loop::on_signal(std::initializer_list<int> signals, std::function<void()> then) {
  auto set = std::make_unique<boost::asio::signal_set>(state_->io);
  for (int const each : signals) set->add(each);
  set->async_wait([state = state_.get(), asked = ++state_->asked, then = std::move(then)](
                      boost::system::error_code error, int) {
    if (error || asked != state->asked) return;  // another on_signal, or the end
    state->signals.reset();
    then();
  });
  state_->signals = std::move(set);
}

boost::asio::io_context& event_loop::context() noexcept { return state_->io; }

serial_executor::serial_executor(boost::asio::io_context& io)
    : executor_{std::make_shared<boost::asio::any_io_executor const>(io.get_executor())} {}
serial_executor::serial_executor(event_loop& loop) : serial_executor{loop.context()} {}

}  // namespace sluice
