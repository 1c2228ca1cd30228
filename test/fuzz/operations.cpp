// SPDX-License-Identifier: Apache-2.0
// The public API in any order: calls of the four kinds through channels and servers that come, go, drain and break, on a
// clock that jumps. Every operation completes once, every call ends once and by its deadline, and nothing hangs.
#include <sluice/client/calls.hpp>
#include <sluice/client/channel.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/server/server.hpp>
#include <sluice/testing/in_process.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "fuzz/obey.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace sluice;
using namespace sluice::fuzz;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Counts what began and what ended.
struct tally {
  std::size_t begun = 0;
  std::size_t ended = 0;
};
struct client_tally final : channel_observer, tally {
  void call_started(std::string_view) noexcept override { ++begun; }
  void call_ended(std::string_view, status const&, duration) noexcept override { ++ended; }
};
struct server_tally final : server_observer, tally {
  void call_started(std::string_view, std::string_view) noexcept override { ++begun; }
  void call_ended(std::string_view, status const&, duration) noexcept override { ++ended; }
};

// One call and what can be done with it; a call that cannot do it does something else.
class any_kind {
 public:
  virtual ~any_kind() = default;
  virtual task<void> read() = 0;
  virtual task<void> write(text message) = 0;
  virtual task<void> done() = 0;
  virtual void cancel() = 0;
  [[nodiscard]] virtual bool ended() const = 0;

  std::optional<time_point> ends_by;
  bool generated =
      false;  ///< its requests are a generator's: it refuses others, and does not begin with them
  bool begun = false;
};

template <class Call>
class one_kind final : public any_kind {
 public:
  template <class... Arguments>
  explicit one_kind(Arguments&&... arguments) : call_{std::forward<Arguments>(arguments)...} {}
  task<void> read() override {
    if constexpr (requires(Call& call) { call.next(); }) static_cast<void>(co_await call_.next());
    else if constexpr (requires(Call& call) { call.finish(); }) static_cast<void>(co_await call_.finish());
    else static_cast<void>(co_await call_);
  }
  task<void> write(text message) override {
    if constexpr (requires(Call& call) { call.write(message); }) co_await call_.write(message);
    else co_await read();
  }
  task<void> done() override {
    if constexpr (requires(Call& call) { call.writes_done(); }) co_await call_.writes_done();
    else co_await read();
  }
  void cancel() override { call_.cancel(); }
  [[nodiscard]] bool ended() const override { return call_.ended(); }

 private:
  Call call_;
};

using shared_call = std::shared_ptr<any_kind>;
task<void> read_of(shared_call call) { co_await call->read(); }
task<void> write_of(shared_call call, text message) { co_await call->write(std::move(message)); }
task<void> done_of(shared_call call) { co_await call->done(); }

generator<text> words(std::string word, std::size_t count) {
  for (; count != 0; --count) {
    co_yield text{word};
    if (word.starts_with('p')) co_await sleep_for(10ms);
  }
}

class world {
 public:
  world() {
    start_server();
    start_channel();
  }
  void step(input& in);
  void finish(input& in);

 private:
  static void no_log(log_level, std::string_view) {}
  void start_server();
  void start_channel();
  void start_call(input& in);
  void use_call(input& in);
  void use_server(input& in);
  void use_channel(input& in);
  void breed_trouble(input& in);
  void advance(duration by);
  void settle();
  void spawn_counted(task<void> what);
  void begin(any_kind& call);
  void begin_to_write(any_kind& call) {
    if (!call.generated) begin(call);
  }
  [[nodiscard]] shared_call any_call(input& in);
  std::unique_ptr<byte_stream> connect();

  asio::io_context io_;
  testing::manual_clock clock_{io_.get_executor()};
  test::text_service handlers_;
  client_tally client_calls_;
  server_tally server_calls_;
  tally operations_;
  testing::pipe_options pipe_;
  bool refuse_ = false;
  std::deque<asio::cancellation_signal> signals_;
  std::optional<server> served_;
  std::optional<channel> through_;
  std::deque<shared_call> calls_;
};

void world::start_server() {
  server_options options;
  options.log = no_log;
  options.observer = &server_calls_;
  options.max_concurrent_streams = 4;
  make_obedient(handlers_);
  served_.emplace(io_.get_executor(), std::move(options));
  served_->add(handlers_);
}

void world::start_channel() {
  channel_options options;
  options.log = no_log;
  options.observer = &client_calls_;
  options.idle_timeout = 60s;
  through_.emplace(io_.get_executor(), [this] { return connect(); }, std::move(options));
}

std::unique_ptr<byte_stream> world::connect() {
  if (refuse_ || !served_) return nullptr;
  auto [ours, theirs] = testing::make_pipe(io_.get_executor(), pipe_);
  served_->serve(std::move(theirs));
  return std::move(ours);
}

void world::settle() {
  constexpr int most_steps = 1'000'000;
  for (int i = 0; i != most_steps; ++i) {
    io_.restart();
    if (io_.poll() == 0) return;
  }
  check(false, "everything comes to rest");
}

void world::spawn_counted(task<void> what) {
  ++operations_.begun;
  auto& signal = signals_.emplace_back();
  spawn(io_, std::move(what), asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr error) {
          ++operations_.ended;
          try {
            if (error) std::rethrow_exception(error);
          } catch (status_error const& why) { check(!why.status().ok(), "a failure is no OK"); }
        }));
}

// What a call starts with counts its timeout from here.
void world::begin(any_kind& call) {
  if (std::exchange(call.begun, true)) return;
  if (call.ends_by) *call.ends_by += clock_.now().time_since_epoch() + 2ms;
}

void world::advance(duration by) {
  settle();
  clock_.advance(by);
  settle();
  for (auto const& call : calls_)
    check(!call->begun || !call->ends_by || *call->ends_by > clock_.now() || call->ended(),
          "a call ends by its deadline");
}

shared_call world::any_call(input& in) { return calls_.empty() ? nullptr : calls_[in.below(calls_.size())]; }

void world::start_call(input& in) {
  constexpr std::size_t most = 8;
  if (calls_.size() == most) calls_.pop_front();
  auto const how = in.byte();
  std::string const said{in.text(20)};
  call_options options;
  std::optional<time_point> ends_by;
  if ((how & 4) != 0) {
    auto const timeout = std::chrono::milliseconds{in.byte() * 10};
    options.timeout(timeout);
    ends_by = time_point{timeout};
  }
  if ((how & 8) != 0) options.wait_for_ready();
  if ((how & 16) != 0) options.max_receive_size(100);
  if ((how & 32) != 0) options.metadata(metadata{{std::string{in.text(10)}, std::string{in.text(10)}}});
  bool const generated = (how & 64) != 0;
  auto& via = *through_;
  switch (how & 3) {
    case 0:
      calls_.push_back(std::make_shared<one_kind<unary_call<text>>>(via, test::text_service::unary_method,
                                                                    text{said}, std::move(options)));
      break;
    case 1:
      calls_.push_back(std::make_shared<one_kind<server_streaming_call<text>>>(
          via, test::text_service::server_method, text{said}, std::move(options)));
      break;
    case 2: {
      using call = one_kind<client_streaming_call<text, text>>;
      if (generated)
        calls_.push_back(std::make_shared<call>(via, test::text_service::client_method, words(said, 5),
                                                std::move(options)));
      else
        calls_.push_back(std::make_shared<call>(via, test::text_service::client_method, std::move(options)));
      break;
    }
    default: {
      using call = one_kind<bidi_streaming_call<text, text>>;
      if (generated)
        calls_.push_back(
            std::make_shared<call>(via, test::text_service::bidi_method, words(said, 5), std::move(options)));
      else calls_.push_back(std::make_shared<call>(via, test::text_service::bidi_method, std::move(options)));
      break;
    }
  }
  calls_.back()->ends_by = ends_by;
  calls_.back()->generated = generated && (how & 2) != 0;
}

void world::use_call(input& in) {
  auto const what = in.byte();
  auto const call = any_call(in);
  if (call == nullptr) return;
  switch (what % 8) {
    case 0:
    case 1:
    case 2: begin(*call); return spawn_counted(read_of(call));
    case 3: begin_to_write(*call); return spawn_counted(write_of(call, text{std::string{in.text(20)}}));
    case 4:
      begin_to_write(*call);
      return spawn_counted(write_of(call, text{std::string(in.byte() * 32, 'b')}));
    case 5: begin_to_write(*call); return spawn_counted(done_of(call));
    case 6: return call->cancel();
    default: std::erase(calls_, call); return;  // ends when nobody waits for it
  }
}

void world::use_server(input& in) {
  switch (in.below(5)) {
    case 0: return served_->stop(std::chrono::milliseconds{in.byte() * 10});
    case 1: return spawn_counted(served_->shutdown(std::chrono::milliseconds{in.byte() * 10}));
    case 2: return start_server();  // in the place of the old one, which goes at once
    case 3: refuse_ = !refuse_; return;
    default: settle(); return;
  }
}

void world::use_channel(input& in) {
  switch (in.below(8)) {
    case 0: return through_->close();
    case 1: return spawn_counted(through_->shutdown(std::chrono::milliseconds{in.byte() * 10}));
    case 2: return start_channel();
    case 3: return through_->connect();
    case 4: return spawn_counted(through_->ready());
    case 5: static_cast<void>(through_->state()); return;
    default: settle(); return;
  }
}

// What the next connections are like.
void world::breed_trouble(input& in) {
  pipe_ = {};
  auto& end = in.one_in(2) ? pipe_.first : pipe_.second;
  switch (in.below(6)) {
    case 0: end.max_read = 1 + in.byte(); break;
    case 1: end.max_write = 1 + in.byte(); break;
    case 2: end.fail_read = in.byte(); break;
    case 3: end.fail_write = in.byte(); break;
    case 4: end.end_after = in.number(2); break;
    default: pipe_.capacity = 1 + in.byte(); break;
  }
}

void world::step(input& in) {
  switch (in.below(16)) {
    case 0:
    case 1:
    case 2: return start_call(in);
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: return use_call(in);
    case 8: return use_server(in);
    case 9: return use_channel(in);
    case 10: return breed_trouble(in);
    case 11: return advance(std::chrono::milliseconds{in.byte() * in.byte()});
    case 12:
      if (!signals_.empty())
        signals_[in.below(std::min<std::size_t>(signals_.size(), 256))].emit(
            asio::cancellation_type::terminal);
      return;
    case 13:
      io_.restart();
      for (auto steps = in.byte(); steps != 0 && io_.poll_one() != 0; --steps) {}
      return;
    default: return settle();
  }
}

void world::finish(input& in) {
  auto const how = in.byte();
  if (how % 8 == 7) return;  // everything is dropped where it stands
  settle();
  through_->close();
  settle();
  if (how % 2 == 0) served_->stop(0s);
  else served_.reset();
  advance(24h);
  for (auto const& call : calls_) check(!call->begun || call->ended(), "a closed channel has no calls");
  calls_.clear();
  settle();
  through_.reset();
  settle();
  check(operations_.begun == operations_.ended, "each operation completes");
  check(client_calls_.begun == client_calls_.ended, "each call ends once for the client");
  served_.reset();
  settle();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  auto const end = in.byte();
  world all;
  constexpr int longest = 200;
  for (int i = 0; i != longest && !in.empty(); ++i) all.step(in);
  input ending{&end, 1};
  all.finish(ending);
  return 0;
}
