// SPDX-License-Identifier: Apache-2.0
#include "net/dial.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <new>
#include <utility>

#include "net/connect_attempt.hpp"
#include "net/socket_stream.hpp"
#include "net/user_timeout.hpp"

namespace sluice::net {

struct dial::state : std::enable_shared_from_this<dial::state> {
  struct attempt {
    address where;
    time_point began;
    std::unique_ptr<connect_attempt> connect;  // null: failed
    std::string failure;
  };

  state(asio::any_io_executor ex, std::vector<address> list, dial_options opts, on_done callback)
      : executor{std::move(ex)}, addresses{std::move(list)}, options{std::move(opts)},
        done{std::move(callback)} {
    if (!options.time) options.time = real_time();
    attempts.reserve(addresses.size());
    stagger = options.time->make_timer(executor);
    overall = options.time->make_timer(executor);
  }

  void start() {
    overall->start(options.timeout, [this] { time_out(); });
    try_next();
  }

  void try_next() {
    while (attempts.size() < addresses.size()) {
      auto const index = attempts.size();
      auto& each = attempts.emplace_back();
      each.where = addresses[index];
      each.began = options.time->now();
      each.connect = std::make_unique<connect_attempt>(executor, each.where, options.time);
      auto const outcome = each.connect->start([this, index](std::error_code error) { ended(index, error); });
      if (outcome == std::errc::operation_in_progress) {
        ++pending;
        if (attempts.size() < addresses.size()) stagger->start(options.stagger, [this] { try_next(); });
        return;
      }
      if (!outcome) return succeed(index);
      give_up(each, outcome.message());
    }
    stagger->cancel();
    if (pending == 0) fail();
  }

  void ended(std::size_t index, std::error_code error) {
    auto const alive = shared_from_this();
    --pending;
    if (!error) return succeed(index);
    give_up(attempts[index], error.message());
    try_next();
  }

  void give_up(attempt& one, std::string_view why) {
    one.failure = "connect to " + one.where.to_string() + " failed after " +
                  describe(options.time->now() - one.began) + ": " + std::string{why};
    one.connect.reset();
  }

  void time_out() {
    for (auto& each : attempts)
      if (each.connect) give_up(each, "no answer, timed out");
    fail();
  }

  void succeed(std::size_t index) {
    std::unique_ptr<byte_stream> made;
    try {
      auto socket = attempts[index].connect->take();
      set_user_timeout(socket.get(), options.user_timeout);
      made = make_socket_stream(executor, std::move(socket));
    } catch (std::bad_alloc const&) { return finish(std::string{"out of memory"}); }
    finish(std::move(made));
  }

  void fail() {
    std::string text;
    for (auto const& each : attempts) text += (text.empty() ? "" : "; ") + each.failure;
    if (addresses.empty()) text = "nothing to connect to: the list of addresses is empty";
    if (auto const left = addresses.size() - attempts.size(); left != 0)
      text += "; " + std::to_string(left) + (left == 1 ? " more address was" : " more addresses were") +
              " not tried";
    finish(std::move(text));
  }

  void finish(result<std::unique_ptr<byte_stream>, std::string> outcome) {
    auto const alive = shared_from_this();
    end_attempts();
    // `done` stays in here, so that destroying the dial until then takes it back.
    asio::post(executor, [alive, outcome = std::move(outcome)]() mutable {
      auto const call = std::exchange(alive->done, nullptr);
      if (call) call(std::move(outcome));
    });
  }

  void end_attempts() noexcept {
    stagger->cancel();
    overall->cancel();
    for (auto& each : attempts) each.connect.reset();
  }

  asio::any_io_executor executor;
  std::vector<address> addresses;
  dial_options options;
  on_done done;
  std::vector<attempt> attempts;  // reserved for all addresses: references stay valid
  std::size_t pending = 0;
  std::unique_ptr<timer> stagger;
  std::unique_ptr<timer> overall;
};

dial::dial(asio::any_io_executor executor, std::vector<address> addresses, dial_options options, on_done done)
    : state_{std::make_shared<state>(std::move(executor), std::move(addresses), std::move(options),
                                     std::move(done))} {
  state_->start();
}

dial::~dial() {
  state_->done = nullptr;
  state_->end_attempts();
}

}  // namespace sluice::net
