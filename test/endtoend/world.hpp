// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every test here starts from: one io_context, a service whose handlers the test writes, a server, and time limits.

#include "endtoend.sluice.hpp"

#include <sluice/client/interceptor.hpp>
#include <sluice/server/interceptor.hpp>
#include <sluice/sluice.hpp>
#include <sluice/testing/in_process.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "support/catch.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace endtoend {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using sluice::as_result;
using sluice::call_options;
using sluice::channel;
using sluice::code;
using sluice::generator;
using sluice::status;
using sluice::task;

[[nodiscard]] inline Note note(std::string text, std::int64_t number = 0) {
  Note made;
  made.set_text(std::move(text));
  made.set_number(number);
  return made;
}

/// A service whose handlers are given by the test. What is not given echoes.
struct talk final : TalkService {
  std::function<task<Note>(Note)> say;
  std::function<generator<Note>(Note)> listen;
  std::function<task<Note>(generator<Note>)> tell;
  std::function<generator<Note>(generator<Note>)> chat;

  task<Note> Say(Note said) override { return say ? say(std::move(said)) : echo(std::move(said)); }
  /// `number` times what was asked.
  generator<Note> Listen(Note asked) override {
    return listen ? listen(std::move(asked)) : repeat(std::move(asked));
  }
  /// The texts in one, and how many they were.
  task<Note> Tell(generator<Note> notes) override {
    return tell ? tell(std::move(notes)) : join(std::move(notes));
  }
  generator<Note> Chat(generator<Note> notes) override {
    return chat ? chat(std::move(notes)) : answer(std::move(notes));
  }

 private:
  static task<Note> echo(Note said) { co_return said; }
  static generator<Note> repeat(Note asked) {
    auto const times = asked.number();
    for (std::int64_t i = 0; i != times; ++i) {
      asked.set_number(i);
      co_yield asked;
    }
  }
  static task<Note> join(generator<Note> notes) {
    Note all;
    while (auto* const each = co_await notes.next()) {
      all.mutable_text()->append(each->text());
      all.set_number(all.number() + 1);
    }
    co_return all;
  }
  static generator<Note> answer(generator<Note> notes) {
    while (auto* const each = co_await notes.next()) co_yield *each;
  }
};

/// Counts how often the scope it stands in was entered and left: the frame of a handler or of a generator.
struct visits {
  int begun = 0;
  int ended = 0;
  [[nodiscard]] int running() const noexcept { return begun - ended; }
};
class visit {
 public:
  explicit visit(visits& counts) noexcept : counts_{&counts} { ++counts.begun; }
  visit(visit const&) = delete;
  visit& operator=(visit const&) = delete;
  ~visit() { ++counts_->ended; }

 private:
  visits* counts_;
};

/// An io_context that a test runs, and that stops by itself when the test hangs.
class bounded_io {
 public:
  explicit bounded_io(std::chrono::seconds limit = 20s) {
    watchdog_.expires_after(limit);
    watchdog_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      expired_ = true;
      io.stop();
    });
  }
  /// Runs `body()`, a task, to its end. The closure lives as long as the coroutine.
  template <class Body>
  auto run(Body body) {
    return sluice::run(io, body());
  }
  /// Runs what there is to do until `holds()`.
  template <class Condition>
  void until(Condition holds) {
    while (!holds()) {
      if (io.stopped()) io.restart();
      io.run_one();
      if (expired_) throw std::runtime_error{"the test waits for something that does not happen"};
    }
  }
  /// Runs what there is to do now, until nothing is.
  void poll() {
    do {
      if (io.stopped()) io.restart();
    } while (io.poll() != 0);
  }

  /// A task that runs beside the test.
  struct background {
    std::function<task<void>()> body;  // the closure lives as long as the coroutine
    bool done = false;
    std::exception_ptr error;
  };
  /// Starts `body()`; it runs when the io_context does.
  template <class Body>
  [[nodiscard]] std::shared_ptr<background> start(Body body) {
    auto const made = std::make_shared<background>();
    made->body = std::move(body);
    sluice::spawn(io, made->body(), [made](std::exception_ptr error) {
      made->error = error;
      made->done = true;
    });
    return made;
  }
  void join(background& what) {
    until([&] { return what.done; });
    if (what.error) std::rethrow_exception(what.error);
  }
  [[nodiscard]] asio::any_io_executor executor() { return io.get_executor(); }

  asio::io_context io;

 private:
  asio::steady_timer watchdog_{io};
  bool expired_ = false;
};

/// Keeps what was logged.
struct log_lines {
  std::vector<std::pair<sluice::log_level, std::string>> lines;
  [[nodiscard]] sluice::log_sink sink() {
    return [this](sluice::log_level level, std::string_view text) { lines.emplace_back(level, text); };
  }
  [[nodiscard]] bool contain(std::string_view text) const {
    for (auto const& [level, line] : lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
};

/// Interceptors that change nothing and see every message, around every call of every test: when the program is started
/// for that (meson's test "intercepted"). What holds for calls holds for these too.
struct pass_through final : sluice::client_interceptor, sluice::server_interceptor {
  task<status> intercept(sluice::client_exchange& call, sluice::next_call next) override {
    call.on_response([](sluice::passing_message&) { return status{}; });
    co_return co_await next();
  }
  task<status> intercept(sluice::server_exchange& call, sluice::next_handler next) override {
    call.on_request([](sluice::passing_message&) { return status{}; });
    co_return co_await next();
  }
};
template <class Options>
[[nodiscard]] Options intercepted(Options options) {
  if (std::getenv("SLUICE_TEST_INTERCEPTED") == nullptr) return options;
  options.interceptors.insert(options.interceptors.begin(), 2, std::make_shared<pass_through>());
  return options;
}

struct world : bounded_io {
  explicit world(sluice::server_options options = {})
      : server{io.get_executor(), with_log(intercepted(std::move(options)))} {
    server.add(service);
  }
  /// Listens on a free port, once, and gives a channel to it.
  [[nodiscard]] std::unique_ptr<channel> connect(sluice::channel_options options = {}) {
    if (address.empty()) address = server.listen("127.0.0.1:0");
    return connect_to(address, std::move(options));
  }
  [[nodiscard]] std::unique_ptr<channel> connect_to(std::string_view target,
                                                    sluice::channel_options options = {}) {
    options.log = log.sink();
    return std::make_unique<channel>(executor(), target, intercepted(std::move(options)));
  }
  /// Through a pipe in memory.
  [[nodiscard]] std::unique_ptr<channel> connect_in_process(sluice::channel_options options = {}) {
    options.log = log.sink();
    return std::make_unique<channel>(executor(), sluice::testing::connect_to(executor(), server),
                                     intercepted(std::move(options)));
  }

  log_lines log;
  talk service;
  sluice::server server;
  std::string address;

 private:
  sluice::server_options with_log(sluice::server_options options) {
    if (!options.log || options.log.target_type() == sluice::log_to_stderr().target_type())
      options.log = log.sink();
    return options;
  }
};

}  // namespace endtoend
