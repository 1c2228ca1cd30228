// SPDX-License-Identifier: Apache-2.0
#include "client/intercepted_call.hpp"

#include "client/apply_credentials.hpp"
#include "client/channel_state.hpp"
#include "client/interception.hpp"
#include "client/outgoing_call.hpp"
#include "transport/stream.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace sluice::calling {

struct intercepted_call::visit : coro::list_hook<call_visits> {
  visit(intercepted_call& of, bool& in_next) noexcept : self{of}, running{in_next} {
    of.entered_.push_back(*this);
    running = true;
  }
  ~visit() {
    if (!linked()) return;
    unlink();
    running = false;
    self.left();  // may free it
  }
  intercepted_call& self;
  bool& running;
};

intercepted_call::intercepted_call(std::shared_ptr<channel_state> on, sluice::method which,
                                   std::shared_ptr<std::string const> path, call_options options)
    : channel_{std::move(on)}, own_path_{std::move(path)}, method_{which}, options_{std::move(options)} {
  for (std::size_t i = 0; i != channel_->options().interceptors.size(); ++i)
    layers_.push_back(std::make_unique<interception>(*this, i));
}

// What the chain's frames tell while they go is told to nobody.
intercepted_call::~intercepted_call() { released_ = false; }

// ---- the start -------------------------------------------------------------------------------------------------------

void intercepted_call::start(coro::context& parent) {
  if (&parent.scheduler() != &channel_->scheduler() || !parent.scheduler().is_current()) {
    context_.emplace(parent.scheduler());
    return end(wrong_executor(), stop_reason::local, true);
  }
  if (options_.is_detached()) context_.emplace(parent.scheduler());
  else context_.emplace(parent);
  began_ = parent.scheduler().now();
  if (status const wrong = check(); !wrong.ok()) return end(wrong, stop_reason::local, true);
  channel_->call_began(*this);
  context_->stop().observe(*this);
  if (ended_) return;
  if (!context_->deadline().is_never()) context_->scheduler().start_timer(*this, context_->deadline().at());
  chain_ = run_from(0, options_);
  chain_runs_ = true;
  chain_.start(*context_, *this);
}

status intercepted_call::check() {
  if (!refused_.ok()) return refused_;
  if (!channel_->takes_calls()) return status{code::unavailable, "the channel was shut down"};
  if (auto const timeout = options_.timeout()) {
    if (*timeout <= duration::zero()) return status{code::deadline_exceeded, "the timeout is not positive"};
    context_->set_deadline(deadline::after(began_, *timeout));
  }
  context_->set_deadline(options_.deadline());
  if (context_->deadline().passed(began_)) return to_status(stop_reason::deadline);
  options_.detached(false);  // the attempts are this call's
  return status{};
}

// ---- the chain -------------------------------------------------------------------------------------------------------

task<status> intercepted_call::run_from(std::size_t index, call_options options) {
  auto const& chain = channel_->options().interceptors;
  if (index == chain.size()) co_return co_await attempt(std::move(options));
  interception& here = *layers_[index];
  here.enter(std::move(options));
  status how;
  try {
    how = co_await chain[index]->intercept(here, next_call{here});
  } catch (...) { how = describe(std::current_exception()); }
  co_return how;
}

task<status> interception::proceed() {
  if (call_.ended_) co_return call_.outcome_.ok() ? to_status(stop_reason::local) : call_.outcome_;
  if (in_next_) co_return status{code::failed_precondition, "an interceptor called next while one runs"};
  if (call_.attempted_ && !call_.may_retry())
    co_return status{
        code::failed_precondition,
        "an interceptor called next again, and a response was handed on or a request was not kept"};
  intercepted_call::visit const here{call_, in_next_};
  co_return co_await call_.run_from(index_ + 1, options_);
}

task<status> intercepted_call::attempt(call_options options) {
  if (has_credentials(*channel_, options)) {
    status const refused = co_await apply_credentials(*channel_, method_, options);
    if (!refused.ok()) co_return refused;
  }
  coro::context& under = co_await coro::get_context{};
  if (under.stop().stop_requested()) co_return to_status(under.stop().reason());
  begin_attempt(std::move(options), under);
  // A stop has ended the attempt too; what it left to be read is nobody's any more.
  status const stopped = (co_await as_result(attempt_is_over_.wait())).status();
  attempt_under_ = nullptr;
  if (!stopped.ok()) held_ = false;
  if (!attempt_failure_.ok()) co_return attempt_failure_;
  co_return attempt_->outcome().ok() ? stopped : attempt_->outcome();
}

void intercepted_call::begin_attempt(call_options options, coro::context& under) {
  if (std::exchange(attempted_, true)) requests_.rewind();
  held_ = false;
  attempt_failure_ = status{};
  attempt_is_over_.reset();
  attempt_under_ = &under;
  bool const secret = has_credentials(*channel_, options);
  auto* const made = new outgoing_call{channel_, method_, own_path_, std::move(options)};
  made->continue_a_call();
  if (secret && !channel_->options().allow_plaintext_credentials) made->require_tls();
  attempt_.reset(made);
  flush();
  attempt_->start(under);
  for (coro::ready_node* const each :
       {static_cast<coro::ready_node*>(&attempt_ended_), static_cast<coro::ready_node*>(&attempt_readable_),
        static_cast<coro::ready_node*>(&attempt_writable_),
        static_cast<coro::ready_node*>(&attempt_has_headers_)})
    each->unlink();  // of the attempt before
  attempt_->when_ended(attempt_ended_);
  if (on_headers_ != nullptr) attempt_->when_headers(&attempt_has_headers_);
  if (reader_ != nullptr) attempt_->when_readable(attempt_readable_);
  if (writer_ != nullptr || requests_.has_unsent()) attempt_->when_writable(attempt_writable_);
}

void intercepted_call::attempt_ended() {
  if (attempt_under_ == nullptr) return;
  pull();
  if (!held_ || has_one_response()) return attempt_over();
  // The rest is the caller's to read; what it writes meanwhile goes nowhere, and it is told.
  wake(reader_);
  wake(writer_);
}

void intercepted_call::attempt_over() noexcept {
  if (has_one_response() && (!attempt_->outcome().ok() || !attempt_failure_.ok())) held_ = false;
  attempt_is_over_.set();
}

void intercepted_call::completed() noexcept {
  auto& ended = chain_.outcome();
  status how = ended.has_value() ? std::move(ended.stored_value()) : describe(ended.error());
  chain_ = {};
  if (attempt_ && !attempt_->ended())
    attempt_->cancel(status{code::cancelled, "an interceptor ended the call"});
  end(std::move(how), stop_reason::local, false);
  chain_runs_ = false;  // only now: what the end runs may release this
  free_if_over();
}

// ---- outgoing messages -----------------------------------------------------------------------------------------------

// Nothing is to be kept, seen or waited for.
bool intercepted_call::writes_through() const noexcept {
  return attempt_ && attempt_under_ != nullptr && !attempt_->ended() && keep_limit_ == 0 &&
         !requests_.has_unsent() &&
         std::ranges::all_of(layers_, [](auto const& each) { return each->hooks().on_request.empty(); });
}

std::span<std::byte> intercepted_call::begin_message(std::size_t size) {
  if (!write_error().ok()) return {};
  if (writes_done_) {
    refused_ = status{code::failed_precondition, "a write after writes_done"};
    return {};
  }
  through_ = writes_through();
  if (!through_) return requests_.begin(size, mode_);
  lost_ = true;
  if (mode_) attempt_->compress_messages(*mode_);
  auto const room = attempt_->begin_message(size);
  if (room.data() == nullptr) refused_ = attempt_->write_error();
  return room;
}

bool intercepted_call::end_message() {
  if (std::exchange(through_, false)) return attempt_->end_message();
  requests_.commit();
  flush();
  return writable() && write_error().ok();
}

void intercepted_call::flush() {
  while (attempt_ && !attempt_->ended() && requests_.has_unsent() && attempt_->writable() &&
         attempt_failure_.ok()) {
    send(requests_.next());
    requests_.advance();
  }
  if (requests_.size() > keep_limit_ && requests_.size() != requests_.unsent()) {
    lost_ = true;
    requests_.forget_sent();
  }
  if (writes_done_ && attempt_ && !requests_.has_unsent()) attempt_->writes_done();
}

void intercepted_call::send(request_log::entry const& request) {
  passing_message message{request.bytes};
  for (auto const& each : layers_) {
    attempt_failure_ = show(each->hooks().on_request, message, [&](auto thrown) { return describe(thrown); });
    if (!attempt_failure_.ok()) return attempt_->cancel(attempt_failure_);
  }
  if (request.mode) attempt_->compress_messages(*request.mode);
  auto const room = attempt_->begin_message(message.bytes().size());
  if (room.data() == nullptr) {  // too large: the attempt fails with it
    refused_ = attempt_->write_error();
    return;
  }
  std::ranges::copy(message.bytes(), room.begin());
  static_cast<void>(attempt_->end_message());
}

bool intercepted_call::writable() const noexcept {
  if (ended_) return true;
  if (attempt_ && !attempt_->ended()) return !requests_.has_unsent() && attempt_->writable();
  return held_ || requests_.unsent() < transport::stream::outbox_mark;
}

status intercepted_call::write_error() const {
  if (!refused_.ok()) return refused_;
  if (ended_)
    return outcome_.ok() ? status{code::failed_precondition, "a write after the call has ended"} : outcome_;
  // An attempt that ended and has left nothing to read may be followed by another.
  if (attempt_ && (!attempt_->ended() || held_)) return attempt_->write_error();
  return status{};
}

void intercepted_call::when_writable(coro::ready_node& waiting) noexcept {
  writer_ = &waiting;
  if (writable() || !write_error().ok()) return wake(writer_);
  if (!attempt_ || attempt_->ended()) return;
  attempt_writable_.unlink();
  attempt_->when_writable(attempt_writable_);
}

void intercepted_call::attempt_writable() {
  flush();
  if (writable() || !write_error().ok()) wake(writer_);
  else if (attempt_ && !attempt_->ended()) attempt_->when_writable(attempt_writable_);
}

compression_mode intercepted_call::compress_messages(compression_mode mode) noexcept {
  if (attempt_) attempt_->compress_messages(mode);
  return std::exchange(mode_, mode).value_or(options_.compression_mode());
}

void intercepted_call::writes_done() noexcept {
  writes_done_ = true;
  flush();
}

// ---- incoming --------------------------------------------------------------------------------------------------------

call_stream::read_result intercepted_call::read(bytes_view& message) {
  if (!supplied_.empty()) {
    supplied_response_ = std::move(supplied_.front());
    supplied_.pop_front();
    handed_ = true;
    if (has_one_response()) held_ = false;
    message = supplied_response_.bytes();
    return read_result::message;
  }
  if (!ended_) pull();
  if (!held_) {
    if (!ended_) return read_result::pending;
    forget_response();
    return read_result::end;
  }
  held_ = false;
  handed_ = true;
  handed_compressed_ = held_compressed_;
  message = held_response_;
  return read_result::message;
}

// The caller has read it: its memory goes, as the call may be kept for its metadata.
void intercepted_call::forget_response() {
  if (!has_one_response() || !handed_) return;
  std::string{}.swap(replaced_response_);
  supplied_response_ = raw_message{};
  bytes_view none;
  if (attempt_) static_cast<void>(attempt_->read(none));
}

// The next response of the attempt, if it has one, to be held.
void intercepted_call::pull() {
  while (!held_ && attempt_ && attempt_under_ != nullptr) {
    bytes_view response;
    switch (attempt_->read(response)) {
      case read_result::message: hold(response); break;
      case read_result::pending: return;
      case read_result::end:
        if (attempt_->ended()) attempt_over();
        return;
    }
    if (!attempt_failure_.ok()) {
      attempt_->cancel(attempt_failure_);
      return attempt_over();
    }
  }
}

void intercepted_call::hold(bytes_view response) {
  passing_message message{response};
  attempt_failure_ = show_response(message, layers_.size());
  if (!attempt_failure_.ok()) return;
  held_ = true;
  held_compressed_ = attempt_->response_compressed();
  held_response_ = message.bytes();
  if (!message.replaced()) return;
  replaced_response_.assign(as_text(message.bytes()));
  held_response_ = as_bytes(replaced_response_);
}

status intercepted_call::show_response(passing_message& message, std::size_t inside) {
  status why;
  for (std::size_t i = inside; i != 0 && why.ok(); --i)
    why = show(layers_[i - 1]->hooks().on_response, message, [&](auto thrown) { return describe(thrown); });
  return why;
}

void intercepted_call::respond(raw_message response, std::size_t from) {
  if (ended_) return;
  passing_message message{response.bytes()};
  if (status const why = show_response(message, from); !why.ok()) throw status_error{why};
  if (has_one_response()) {
    held_ = false;
    supplied_.clear();
  }
  supplied_.emplace_back(message.bytes());
  if (!has_one_response()) wake(reader_);
}

void intercepted_call::when_readable(coro::ready_node& waiting) noexcept {
  reader_ = &waiting;
  if (ended_ || held_ || !supplied_.empty()) return wake(reader_);
  if (!attempt_ || attempt_under_ == nullptr) return;
  attempt_readable_.unlink();
  attempt_->when_readable(attempt_readable_);
}

void intercepted_call::attempt_readable() {
  pull();
  if (held_) return wake(reader_);
  if (reader_ != nullptr && attempt_ && attempt_under_ != nullptr && !attempt_->ended())
    attempt_->when_readable(attempt_readable_);
}

metadata const& intercepted_call::initial_metadata() const noexcept {
  return attempt_ ? attempt_->initial_metadata() : no_metadata_yet_;
}
metadata const& intercepted_call::trailing_metadata() const noexcept {
  return attempt_ ? attempt_->trailing_metadata() : no_metadata_yet_;
}
std::string const& intercepted_call::peer() const noexcept {
  return attempt_ ? attempt_->peer() : no_peer_yet_;
}

void intercepted_call::when_headers(coro::ready_node* waiting) noexcept {
  on_headers_ = waiting;
  if (waiting == nullptr) return;
  if (ended_ || has_headers()) return wake(on_headers_);
  if (!attempt_) return;
  attempt_has_headers_.unlink();
  attempt_->when_headers(&attempt_has_headers_);
}

void intercepted_call::attempt_has_headers() {
  if (has_headers()) wake(on_headers_);  // else the attempt has ended, and another may follow
}

void intercepted_call::when_ended(coro::ready_node& waiting) noexcept {
  on_end_ = &waiting;
  if (ended_) wake(on_end_);
}

// ---- the end ---------------------------------------------------------------------------------------------------------

status intercepted_call::describe(std::exception_ptr thrown) const noexcept {
  std::string text = "of a type that is no std::exception";
  auto const* const known = status_of(thrown);
  if (known != nullptr && !known->ok()) return *known;
  try {
    if (known == nullptr) std::rethrow_exception(std::move(thrown));
    text = "an ok status";
  } catch (std::exception const& error) { text = error.what(); } catch (...) {
  }
  if (auto const& log = channel_->options().log)
    log(log_level::error, std::string{method_.path} + ": exception in an interceptor: " + text);
  return status{code::internal, "exception in an interceptor: " + text};
}

void intercepted_call::cancel(status why) noexcept {
  if (ended_) return;
  // Ended by the server, all but read: as for a bare call, it is late, and what fails in the writer says nothing.
  if (attempt_ && attempt_->ended() && held_ && why == attempt_->write_error()) return;
  if (started()) return end(std::move(why), stop_reason::local, true);
  if (refused_.ok()) refused_ = std::move(why);  // it has no context yet: it ends when it is awaited
}

void intercepted_call::expired() noexcept {
  end(to_status(stop_reason::deadline), stop_reason::deadline, true);
}
void intercepted_call::stop_requested(stop_reason reason) noexcept { end(to_status(reason), reason, true); }

void intercepted_call::end(status how, stop_reason why, bool discard) noexcept {
  if (std::exchange(ended_, true)) return;
  outcome_ = std::move(how);
  if (discard) {
    held_ = false;
    supplied_.clear();
  }
  stop_observer::unlink();
  context_->scheduler().timers().cancel(*this);
  wake(reader_);
  wake(writer_);
  wake(on_end_);
  wake(on_headers_);
  channel_->call_ended(*this);
  // The chain, the attempt, and the generator of our requests, if any. Last, for it may run anything.
  context_->stop().request_stop(why);
}

void intercepted_call::guarded(void (intercepted_call::*what)()) noexcept {
  try {
    (this->*what)();
  } catch (std::bad_alloc const&) {
    end(status{code::resource_exhausted}, stop_reason::local, true);
  } catch (...) { end(status{code::internal}, stop_reason::local, true); }
}

void intercepted_call::wake(coro::ready_node*& who) noexcept {
  if (auto* const waiting = std::exchange(who, nullptr)) context_->scheduler().ready(*waiting);
}

void intercepted_call::release() noexcept {
  released_ = true;
  on_end_ = on_headers_ = reader_ = writer_ = nullptr;
  if (started() && !ended_) end(status{code::cancelled, "the call was destroyed"}, stop_reason::local, true);
  free_if_over();
}

// An interceptor may have left its `next` in a scope that nobody joined.
void intercepted_call::left() noexcept { free_if_over(); }

void intercepted_call::free_if_over() noexcept {
  if (!released_) return;
  bool const in_use = chain_runs_ || !entered_.empty();
  if (!in_use || context_->scheduler().is_over()) {
    delete this;
    return;
  }
  if (!coro::root::linked()) context_->scheduler().adopt(*this);
}

}  // namespace sluice::calling
