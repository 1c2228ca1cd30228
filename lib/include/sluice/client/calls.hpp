// SPDX-License-Identifier: Apache-2.0
#pragma once

// The four kinds of call, as stubs return them.

#include <sluice/client/client_call.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/outcome.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/coro/waiter.hpp>
#include <sluice/rpc/codec.hpp>
#include <sluice/rpc/message_pump.hpp>
#include <sluice/rpc/message_source.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {

/// What the four kinds share: one call, lazy, and what is known about it afterwards.
///
/// Cancellation: by the stop of the context that awaits it, by `cancel`, or by destroying it: the peer is told at once by
///   RST_STREAM. Concurrency: the channel's executor; one read, one write at a time.
/// Lifetime: the channel outlives the call, or has ended it; then everything that waits fails with UNAVAILABLE.
class any_call {
 public:
  /// What the server sent before its first message. Empty until then.
  [[nodiscard]] metadata const& initial_metadata() const noexcept { return call_->initial_metadata(); }
  /// What the server sent with its status. Empty until the call has ended.
  [[nodiscard]] metadata const& trailing_metadata() const noexcept { return call_->trailing_metadata(); }
  /// "ipv4:127.0.0.1:50051"; empty before the call has a connection.
  [[nodiscard]] std::string const& peer() const noexcept { return call_->peer(); }
  [[nodiscard]] bool ended() const noexcept { return call_->ended(); }
  /// How the call ended; ok while it has not.
  [[nodiscard]] sluice::status const& status() const noexcept { return call_->outcome(); }
  /// Ends the call with CANCELLED.
  void cancel() noexcept { call_->cancel(sluice::status{code::cancelled, "cancelled by the caller"}); }

 protected:
  explicit any_call(client_call_ptr call) noexcept : call_{std::move(call)} {}
  ~any_call() = default;
  any_call(any_call&&) noexcept = default;
  any_call& operator=(any_call&&) noexcept = default;

  void start_under(coro::context& parent) {
    if (!call_->started()) call_->start(parent);
  }

  client_call_ptr call_;
};

namespace calling {

/// Waits for the end of a call: base of the awaiters of the calls that are answered with one message.
class end_waiter : protected coro::ready_node {
 protected:
  explicit end_waiter(client_call& call) noexcept : call_{call} {}
  ~end_waiter() = default;
  template <coro::has_context Promise>
  [[nodiscard]] bool wait(std::coroutine_handle<Promise> self) {
    if (call_.ended()) return false;
    self_ = self;
    under_ = self.promise().context();
    call_.when_ended(*this);
    return true;
  }
  client_call& call_;

 private:
  void run() noexcept final { coro::resume_under(*under_, self_); }
  std::coroutine_handle<> self_;
  coro::context* under_ = nullptr;
};

/// The one response of a call that has ended.
template <class Response>
[[nodiscard]] result<Response> take_response(client_call& call) {
  if (!call.outcome().ok()) return call.outcome();
  bytes_view bytes;
  Response response;
  if (call.read(bytes) != call_stream::read_result::message)
    return status{code::unimplemented, "the response stream ended without its one message"};
  if (!codec<Response>::parse(response, bytes)) return malformed_message();
  if (call.read(bytes) == call_stream::read_result::message)
    return status{code::unimplemented, "more than the one message of a response"};
  return response;
}

/// A write that waits for room. The message is in the stream's buffer before it suspends.
class write_awaiter final : private coro::waiter {
 public:
  write_awaiter(client_call& call, bool has_room, status why) noexcept
      : call_{call}, why_{std::move(why)}, ready_{has_room || !why_.ok()} {}
  [[nodiscard]] bool await_ready() const noexcept { return ready_; }
  template <coro::has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    if (!suspend(self)) return false;
    call_.when_writable(room_);
    return true;
  }
  void await_resume() const {
    if (!why_.ok()) throw status_error{why_};
    throw_if_stopped();
    if (status const why = call_.write_error(); !why.ok()) throw status_error{why};
  }

 private:
  struct room_node final : coro::ready_node {
    explicit room_node(write_awaiter& self) noexcept : self_{self} {}
    void run() noexcept override { self_.wake(); }
    write_awaiter& self_;
  };
  client_call& call_;
  status why_;
  bool ready_;
  room_node room_{*this};
};

}  // namespace calling

/// One request, one response: `Feature f = co_await guide.GetFeature(point);`
///
/// Completes with: the response. Fails with: status_error; `co_await as_result(call)` gives a result instead. A call that
///   was given to co_await by name can be asked afterwards: initial_metadata(), trailing_metadata(), peer(), status().
template <class Response>
class [[nodiscard]] unary_call : public any_call {
 public:
  using value_type = Response;

  template <class Request>
  unary_call(channel& on, method which, Request const& request, call_options options)
      : any_call{new_call(on, which, std::move(options))} {
    static_cast<void>(write_message(*call_, request));
    call_->writes_done();
  }

  class awaiter final : private calling::end_waiter {
   public:
    explicit awaiter(unary_call& call) noexcept : end_waiter{*call.call_} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      if (call_.started()) throw status_error{code::failed_precondition, "a unary call is awaited twice"};
      call_.start(*self.promise().context());
      return wait(self);
    }
    Response await_resume() { return std::move(await_result()).value(); }
    [[nodiscard]] result<Response> await_result() { return calling::take_response<Response>(call_); }
  };
  [[nodiscard]] awaiter operator co_await() { return awaiter{*this}; }

  /// The call as an Asio operation: see task::operator(). Runs on the token's associated executor, which must be the
  /// channel's. Needs <sluice/coro/asio.hpp>.
  template <class Token>
  auto operator()(Token&& token) && {
    return as_task(std::move(*this))(std::forward<Token>(token));
  }

 private:
  static task<Response> as_task(unary_call call) { co_return co_await call; }
};

namespace calling {

/// A call's responses as a source.
template <class Response>
class response_source final : public message_source<Response> {
 public:
  explicit response_source(client_call& call) noexcept : message_source<Response>{call}, call_{call} {}

 private:
  void ended() override {
    if (!call_.outcome().ok()) throw status_error{call_.outcome()};
  }
  void failed(status why) override {
    call_.cancel(why);
    throw status_error{std::move(why)};
  }
  client_call& call_;
};

/// `next()` of a streaming call: starts it if need be; does not suspend for a message that is buffered.
template <class Response, class Begin>
class basic_next_awaiter {
 public:
  basic_next_awaiter(client_call& call, response_source<Response>& from, Begin begin) noexcept
      : call_{call}, source_{from}, begin_{std::move(begin)} {}
  [[nodiscard]] bool await_ready() {
    if (source_.waiting()) throw status_error{code::failed_precondition, "two reads of one stream at once"};
    return call_.started() && source_.poll(item_);
  }
  template <coro::has_context Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
    begin_(*self.promise().context());
    if (source_.poll(item_)) return false;
    static_cast<void>(source_.pull(self, *self.promise().context()));
    return true;
  }
  Response* await_resume() { return item_ != nullptr ? item_ : source_.take(); }

 private:
  client_call& call_;
  response_source<Response>& source_;
  Begin begin_;
  Response* item_ = nullptr;
};
template <class Response, class Begin>
[[nodiscard]] auto next_of(client_call& call, response_source<Response>& from, Begin begin) noexcept {
  return basic_next_awaiter<Response, Begin>{call, from, std::move(begin)};
}

}  // namespace calling

/// One request, many responses: `while (auto* f = co_await features.next()) use(*f);`
///
/// Completes with: `next()` the next message, valid until the following next(); null when the call ended with ok.
/// Fails with: status_error. The call starts with the first next().
template <class Response>
class [[nodiscard]] server_streaming_call : public any_call {
 public:
  using value_type = Response;

  template <class Request>
  server_streaming_call(channel& on, method which, Request const& request, call_options options)
      : server_streaming_call{new_call(on, which, std::move(options))} {
    static_cast<void>(write_message(*call_, request));
    call_->writes_done();
  }

  [[nodiscard]] auto next() noexcept {
    return calling::next_of(*call_, *source_, [this](coro::context& under) { start_under(under); });
  }

  /// The responses as a generator, to return from a handler or to hand on. The call lives in it.
  [[nodiscard]] generator<Response> messages() && { return as_generator(std::move(*this)); }

 private:
  explicit server_streaming_call(client_call_ptr call)
      : any_call{std::move(call)}, source_{std::make_unique<calling::response_source<Response>>(*call_)} {}
  static generator<Response> as_generator(server_streaming_call call) {
    while (auto* const item = co_await call.next()) co_yield *item;
  }
  std::unique_ptr<calling::response_source<Response>> source_;  // behind a pointer, so that the call moves
};

namespace calling {

/// The writing half of a call that the user or a generator drives.
template <class Request>
class writer final : private coro::completion, private coro::root {
 public:
  explicit writer(client_call& call) noexcept : call_{call} {}
  writer(client_call& call, generator<Request> requests) noexcept
      : call_{call}, requests_{std::move(requests)} {}

  /// Starts pumping the generator, if there is one; after the call has started.
  void start() {
    if (!requests_.valid() || pumping_) return;
    pumping_ = true;
    pump_.start(std::move(requests_), call_, call_.context(), *this);
  }
  [[nodiscard]] bool driven_by_generator() const noexcept { return pumping_ || requests_.valid(); }
  [[nodiscard]] bool pumping() const noexcept { return pumping_ && !pumped_; }
  /// Queues `node` when the generator has ended.
  void when_pumped(coro::ready_node& node) noexcept { joining_ = &node; }
  /// The owner goes. While the generator runs it is stopped, and it, the call and this live until it has ended.
  void release(client_call_ptr call) noexcept {
    if (!pumping() || call_.context().scheduler().is_over()) {
      delete this;
      return;
    }
    orphaned_ = std::move(call);
    call_.context().scheduler().adopt(*this);
    orphaned_->cancel(status{code::cancelled, "the call was destroyed"});
  }

 private:
  void completed() noexcept override {
    pumped_ = true;
    auto& ended = pump_.failure();
    if (auto const* why = ended.failed_status()) call_.cancel(*why);
    else if (ended.error()) fail(ended);
    else call_.writes_done();
    if (orphaned_) {
      auto const last = std::move(orphaned_);  // let go after this
      delete this;
    } else if (joining_ != nullptr) call_.context().scheduler().ready(*std::exchange(joining_, nullptr));
  }
  // The executor's context goes before the generator has ended.
  void abandon() noexcept override {
    auto const last = std::move(orphaned_);
    delete this;
  }
  void fail(coro::outcome<void>& ended) noexcept {
    try {
      ended.take();
    } catch (status_error const& error) {
      call_.cancel(error.status());
    } catch (std::exception const& error) {
      call_.cancel(status{code::cancelled, std::string{"the request generator threw: "} + error.what()});
    } catch (...) { call_.cancel(status{code::cancelled, "the request generator threw"}); }
  }
  client_call& call_;
  generator<Request> requests_;
  message_pump<Request> pump_;
  coro::ready_node* joining_ = nullptr;
  client_call_ptr orphaned_;
  bool pumping_ = false;
  bool pumped_ = false;
};

/// Ends with the call, and with the generator of its requests.
class joined_end_waiter : private coro::ready_node {
 protected:
  joined_end_waiter() = default;
  ~joined_end_waiter() = default;
  template <class Writer, coro::has_context Promise>
  [[nodiscard]] bool wait(std::coroutine_handle<Promise> self, client_call& call, Writer& writer) {
    self_ = self;
    under_ = self.promise().context();
    left_ = 0;
    if (!call.ended()) {
      ++left_;
      call.when_ended(*this);
    }
    if (writer.pumping()) {
      ++left_;
      writer.when_pumped(pumped_);
    }
    return left_ != 0;
  }

 private:
  struct pumped_node final : coro::ready_node {
    explicit pumped_node(joined_end_waiter& self) noexcept : self_{self} {}
    void run() noexcept override { self_.run(); }
    joined_end_waiter& self_;
  };
  void run() noexcept final {
    if (--left_ == 0) coro::resume_under(*under_, self_);
  }
  std::coroutine_handle<> self_;
  coro::context* under_ = nullptr;
  int left_ = 0;
  pumped_node pumped_{*this};
};

template <class Request>
struct release_writer {
  void operator()(writer<Request>* it) const noexcept { delete it; }
};

/// A call with a stream of requests: `write` and `writes_done`, or a generator.
template <class Request>
class writing_call : public any_call {
 public:
  /// `co_await call.write(message)`: the message is serialized at once; completes when the stream has room for more.
  /// Fails with: the call's status when it has ended; FAILED_PRECONDITION after writes_done, beside another write that
  /// waits, or when a generator writes. Starts the call.
  class write_operation {
   public:
    write_operation(writing_call& call, Request const& message) noexcept : call_{call}, message_{message} {}
    class awaiter {
     public:
      awaiter(writing_call& call, Request const& message) noexcept : call_{call}, message_{message} {}
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      template <coro::has_context Promise>
      [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
        if (call_.writer_->driven_by_generator())
          throw status_error{code::failed_precondition, "a generator writes the requests of this call"};
        if (call_.writing_) throw status_error{code::failed_precondition, "two writes of one stream at once"};
        call_.begin(*self.promise().context());
        bool const room = write_message(*call_.call_, message_);
        inner_.emplace(*call_.call_, room, room ? sluice::status{} : call_.call_->write_error());
        if (inner_->await_ready()) return false;
        call_.writing_ = true;
        return inner_->await_suspend(self);
      }
      void await_resume() {
        call_.writing_ = false;
        inner_->await_resume();
      }

     private:
      writing_call& call_;
      Request const& message_;
      std::optional<write_awaiter> inner_;
    };
    [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{call_, message_}; }

   private:
    writing_call& call_;
    Request const& message_;
  };
  [[nodiscard]] write_operation write(Request const& message) noexcept { return {*this, message}; }

 protected:
  writing_call(client_call_ptr call, generator<Request> requests)
      : any_call{std::move(call)}, writer_{new writer<Request>{*call_, std::move(requests)}} {}
  explicit writing_call(client_call_ptr call)
      : any_call{std::move(call)}, writer_{new writer<Request>{*call_}} {}
  ~writing_call() {
    if (writer_) writer_.release()->release(std::move(call_));
  }
  writing_call(writing_call&&) noexcept = default;
  writing_call& operator=(writing_call&& other) noexcept {
    if (writer_) writer_.release()->release(std::move(call_));
    any_call::operator=(std::move(other));
    writer_ = std::move(other.writer_);
    writing_ = other.writing_;
    return *this;
  }

  void begin(coro::context& parent) {
    if (call_->started()) return;
    call_->start(parent);
    writer_->start();
  }
  /// Half-closes; also starts a call that has not written anything.
  class done_operation {
   public:
    explicit done_operation(writing_call& call) noexcept : call_{call} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      if (call_.writer_->driven_by_generator())
        throw sluice::status_error{code::failed_precondition, "a generator writes the requests of this call"};
      call_.begin(*self.promise().context());
      call_.call_->writes_done();
      return false;
    }
    void await_resume() const noexcept {}

   private:
    writing_call& call_;
  };

  std::unique_ptr<writer<Request>, release_writer<Request>> writer_;
  bool writing_ = false;
};

}  // namespace calling

/// Many requests, one response.
///
///   RouteSummary s = co_await guide.RecordRoute(points());     // your generator is the request stream
///   auto call = guide.RecordRoute();                           // or write yourself
///   co_await call.write(point);  RouteSummary s = co_await call.finish();
///
/// Completes with: the response, after the generator has ended too. The server may answer before it has read everything:
///   then the generator is stopped, at its co_yield or by the stop of what it awaits.
/// Fails with: status_error; what the generator failed with ends the call.
template <class Request, class Response>
class [[nodiscard]] client_streaming_call : public calling::writing_call<Request> {
  using base = calling::writing_call<Request>;

 public:
  using value_type = Response;

  client_streaming_call(channel& on, method which, generator<Request> requests, call_options options)
      : base{new_call(on, which, std::move(options)), std::move(requests)} {}
  client_streaming_call(channel& on, method which, call_options options)
      : base{new_call(on, which, std::move(options))} {}

  class awaiter final : private calling::joined_end_waiter {
   public:
    explicit awaiter(client_streaming_call& call) noexcept : stream_{call} {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <coro::has_context Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> self) {
      stream_.begin(*self.promise().context());
      if (!stream_.writer_->driven_by_generator()) stream_.call_->writes_done();
      return wait(self, *stream_.call_, *stream_.writer_);
    }
    [[nodiscard]] Response await_resume() { return std::move(await_result()).value(); }
    [[nodiscard]] result<Response> await_result() { return calling::take_response<Response>(*stream_.call_); }

   private:
    client_streaming_call& stream_;
  };
  /// Half-closes, if no generator does, and waits for the response.
  [[nodiscard]] awaiter operator co_await() { return awaiter{*this}; }
  class finish_operation {
   public:
    explicit finish_operation(client_streaming_call& call) noexcept : call_{call} {}
    [[nodiscard]] awaiter operator co_await() const noexcept { return awaiter{call_}; }

   private:
    client_streaming_call& call_;
  };
  [[nodiscard]] finish_operation finish() noexcept { return finish_operation{*this}; }

  /// See unary_call::operator().
  template <class Token>
  auto operator()(Token&& token) && {
    return as_task(std::move(*this))(std::forward<Token>(token));
  }

 private:
  static task<Response> as_task(client_streaming_call call) { co_return co_await call; }
};

/// Many requests, many responses, each half in its own time.
///
///   auto replies = guide.RouteChat(notes());                   // generator in, generator out
///   auto chat = guide.RouteChat();                             // or drive both halves yourself
///   co_await chat.write(note);  auto* reply = co_await chat.next();  co_await chat.writes_done();
///
/// Completes with: `next()` as a server_streaming_call. Fails with: status_error. The call starts with the first write,
/// next or writes_done.
template <class Request, class Response>
class [[nodiscard]] bidi_streaming_call : public calling::writing_call<Request> {
  using base = calling::writing_call<Request>;
  using source = calling::response_source<Response>;

 public:
  using value_type = Response;

  bidi_streaming_call(channel& on, method which, generator<Request> requests, call_options options)
      : base{new_call(on, which, std::move(options)), std::move(requests)},
        source_{std::make_unique<source>(*this->call_)} {}
  bidi_streaming_call(channel& on, method which, call_options options)
      : base{new_call(on, which, std::move(options))}, source_{std::make_unique<source>(*this->call_)} {}

  [[nodiscard]] auto next() noexcept {
    return calling::next_of(*this->call_, *source_, [this](coro::context& under) { this->begin(under); });
  }
  /// `co_await chat.writes_done()`: no more requests. Never suspends.
  [[nodiscard]] auto writes_done() noexcept { return typename base::done_operation{*this}; }
  /// The responses as a generator, to return from a handler or to hand on. The call lives in it.
  [[nodiscard]] generator<Response> messages() && { return as_generator(std::move(*this)); }

 private:
  static generator<Response> as_generator(bidi_streaming_call call) {
    while (auto* const item = co_await call.next()) co_yield *item;
  }
  std::unique_ptr<source> source_;  // behind a pointer, so that the call moves
};

}  // namespace sluice
