// SPDX-License-Identifier: Apache-2.0
#include "server/intercepted_handler.hpp"

#include <algorithm>
#include <utility>

namespace sluice::serving {

/// One interceptor's place in the chain of a call.
class interception final : public server_exchange {
 public:
  interception(intercepted_handler& around, std::size_t index) noexcept : around_{around}, index_{index} {}

  [[nodiscard]] message_hooks const& hooks() const noexcept { return hooks_; }

  server_call& call() noexcept override { return around_.seen_; }
  void on_request(message_hook hook) override { hooks_.on_request.push_back(std::move(hook)); }
  void on_response(message_hook hook) override { hooks_.on_response.push_back(std::move(hook)); }
  void respond(raw_message message) override { around_.respond(std::move(message), index_); }

 private:
  task<status> proceed() override {
    if (std::exchange(called_, true))
      co_return status{code::failed_precondition, "an interceptor called next twice"};
    if (around_.chain_ended_) co_return to_status(stop_reason::local);
    intercepted_handler::visit const here{around_};
    co_return co_await around_.run_from(index_ + 1, &here);
  }

  intercepted_handler& around_;
  std::size_t index_;
  message_hooks hooks_;
  bool called_ = false;
};

void intercepted_handler::start(std::span<std::shared_ptr<server_interceptor> const> around,
                                dispatcher::entry target, server_stream& call, server_call& seen) {
  std::unique_ptr<intercepted_handler> made{new intercepted_handler{around, target, call, seen}};
  made->chain_ = made->run_from(0, nullptr);
  auto* const self = made.release();
  self->chain_.start(call.context(), *self);
}

intercepted_handler::intercepted_handler(std::span<std::shared_ptr<server_interceptor> const> around,
                                         dispatcher::entry target, server_stream& call, server_call& seen)
    : around_{around}, target_{target}, call_{call}, seen_{seen} {
  for (std::size_t i = 0; i != around.size(); ++i)
    layers_.push_back(std::make_unique<interception>(*this, i));
  call_.set_handler(*this);
}

intercepted_handler::~intercepted_handler() {
  destroyed_ = true;
  delete handler_;  // the server goes before it has ended
}

// ---- the chain -------------------------------------------------------------------------------------------------------

task<status> intercepted_handler::run_from(std::size_t index, visit const* under) {
  if (index == around_.size()) co_return co_await run_handler();
  status how;
  try {
    how = co_await around_[index]->intercept(*layers_[index], next_handler{*layers_[index]});
  } catch (...) {
    bool const gone = under != nullptr && !under->linked();
    how = gone ? status{code::cancelled} : describe(std::current_exception());
  }
  co_return how;
}

task<status> intercepted_handler::run_handler() {
  handler_context_.emplace(co_await coro::get_context{});
  handler_context_->stop().observe(stopped_);
  handler_began_ = true;
  try {
    target_.handler->start(*target_.owner, *this);
  } catch (...) {  // no memory for the handler's frame
    finish(describe(std::current_exception()));
  }
  co_await handler_ended_.wait_unstoppably();  // a stop stops the handler
  co_return failure_.ok() ? handler_outcome_ : failure_;
}

void intercepted_handler::finish(status outcome) noexcept {
  handler_ = nullptr;
  reader_ = writer_ = nullptr;
  handler_outcome_ = std::move(outcome);
  handler_ended_.set();
}

// A hook's failure is the call's: the handler is stopped, and what it ends with is not seen.
void intercepted_handler::fail(status why) noexcept {
  if (failure_.ok()) failure_ = std::move(why);
  handler_context_->stop().request_stop(stop_reason::local);
}

void intercepted_handler::completed() noexcept {
  auto& ended = chain_.outcome();
  outcome_ = ended.has_value() ? std::move(ended.stored_value()) : describe(ended.error());
  chain_ = {};
  chain_ended_ = true;
  // An interceptor may have left its `next` in a scope that nobody joined.
  if (handler_ != nullptr) handler_context_->stop().request_stop(stop_reason::local);
  end_if_over();
}

void intercepted_handler::left() noexcept { end_if_over(); }

void intercepted_handler::end_if_over() noexcept {
  if (destroyed_ || !chain_ended_ || !entered_.empty()) return;
  server_stream& call = call_;
  status outcome = std::move(outcome_);
  delete this;
  call.finish(std::move(outcome));
}

// ---- messages --------------------------------------------------------------------------------------------------------

call_stream::read_result intercepted_handler::read(bytes_view& message) {
  auto const found = call_.read(message);
  if (found == read_result::end) std::string{}.swap(request_);
  if (found != read_result::message) return found;
  passing_message shown{message};
  for (auto const& each : layers_) {
    status why = show(each->hooks().on_request, shown, [&](auto thrown) { return describe(thrown); });
    if (why.ok()) continue;
    fail(std::move(why));
    return read_result::end;
  }
  if (shown.replaced()) {
    request_.assign(as_text(shown.bytes()));
    message = as_bytes(request_);
  }
  return found;
}

void intercepted_handler::when_readable(coro::ready_node& node) noexcept {
  reader_ = &node;
  readable_.unlink();
  call_.when_readable(readable_);
}

void intercepted_handler::when_writable(coro::ready_node& node) noexcept {
  writer_ = &node;
  if (!failure_.ok() || is_stopped()) return pass_writable();
  writable_.unlink();
  call_.when_writable(writable_);
}

void intercepted_handler::pass_readable() noexcept {
  if (auto* const node = std::exchange(reader_, nullptr)) handler_context_->scheduler().ready(*node);
}

void intercepted_handler::pass_writable() noexcept {
  if (auto* const node = std::exchange(writer_, nullptr)) handler_context_->scheduler().ready(*node);
}

status intercepted_handler::write_error() const {
  if (!failure_.ok()) return failure_;
  if (status why = call_.write_error(); !why.ok()) return why;
  return is_stopped() ? to_status(handler_context_->stop().reason()) : status{};
}

std::span<std::byte> intercepted_handler::begin_message(std::size_t size) {
  if (!failure_.ok() || is_stopped()) return {};
  through_ = std::ranges::all_of(layers_, [](auto const& each) { return each->hooks().on_response.empty(); });
  if (through_) return call_.begin_message(size);
  response_.resize(size);
  // An empty span would say that the call takes no message.
  return {reinterpret_cast<std::byte*>(response_.data()), size};
}

bool intercepted_handler::end_message() {
  if (through_) return call_.end_message();
  passing_message message{as_bytes(response_)};
  if (status why = show_response(message, layers_.size()); !why.ok()) {
    fail(std::move(why));
    return false;
  }
  auto const room = call_.begin_message(message.bytes().size());
  if (room.data() == nullptr) return false;
  std::ranges::copy(message.bytes(), room.begin());
  return call_.end_message();
}

status intercepted_handler::show_response(passing_message& message, std::size_t inside) {
  status why;
  for (std::size_t i = inside; i != 0 && why.ok(); --i)
    why = show(layers_[i - 1]->hooks().on_response, message, [&](auto thrown) { return describe(thrown); });
  return why;
}

void intercepted_handler::respond(raw_message response, std::size_t from) {
  if (handler_began_)
    throw status_error{code::failed_precondition,
                       "respond after next: change the handler's message with on_response"};
  passing_message message{response.bytes()};
  if (status const why = show_response(message, from); !why.ok()) throw status_error{why};
  auto const room = call_.begin_message(message.bytes().size());
  if (room.data() == nullptr) throw status_error{call_.write_error()};
  std::ranges::copy(message.bytes(), room.begin());
  static_cast<void>(call_.end_message());
}

}  // namespace sluice::serving
