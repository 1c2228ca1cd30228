// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a service's member functions to the rows of its method table. Generated code names them; nobody else needs to.

#include <sluice/coro/frame_pool.hpp>
#include <sluice/coro/generator.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/rpc/codec.hpp>
#include <sluice/rpc/message_pump.hpp>
#include <sluice/rpc/message_source.hpp>
#include <sluice/server/service.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace sluice {
namespace serving {

/// The request of a call that has just one: the engine starts such a handler when it is there.
template <class Request>
[[nodiscard]] bool read_request(server_stream& call, Request& request) {
  bytes_view bytes;
  if (call.read(bytes) != call_stream::read_result::message) return false;
  bool const parsed = codec<Request>::parse(request, bytes);
  static_cast<void>(call.read(bytes));  // its bytes need not live as long as the handler
  return parsed;
}

/// A handler whose coroutine runs. Owns itself: each of the ends destroys it.
class running : public call_handler, protected coro::completion, public coro::pooled {
 public:
  void end(status outcome) noexcept;
  /// Ends as its coroutine did that left no value.
  void end_like(coro::ended_with kind, coro::failure const& why) noexcept;
  /// Ends with the exception that is being handled.
  void end_by_exception() noexcept;
  void end_without(char const* what) noexcept;
  /// Ends after its one message was written.
  void end_written(bool room) noexcept;

 protected:
  explicit running(server_stream& call) noexcept : call_{call} { call.set_handler(*this); }
  ~running() override;
  [[nodiscard]] server_stream& call() noexcept { return call_; }

 private:
  server_stream& call_;
};

/// Runs the task of a handler that answers with one message, then ends the call.
template <class Response>
class answering : public running {
 public:
  explicit answering(server_stream& call) noexcept : running{call} {}

  void run(task<Response> handler) {
    task_ = std::move(handler);
    if (!task_.valid()) return end_without("the handler returned an empty task");
    task_.start(call().context(), *this);
  }

 private:
  void completed() noexcept override {
    auto& outcome = task_.outcome();
    if (!outcome.has_value()) return end_like(outcome.kind(), outcome.stored_failure());
    // No room afterwards is no failure: the message is in the buffer, and the call ends.
    bool room = false;
    try {
      room = write_message(call(), outcome.stored_value());
    } catch (...) { return end_by_exception(); }
    end_written(room);
  }
  task<Response> task_;
};

/// Pumps the generator of a handler that answers with a stream, then ends the call.
template <class Response>
class streaming : public running {
 public:
  explicit streaming(server_stream& call) noexcept : running{call} {}

  void run(generator<Response> handler) {
    if (!handler.valid()) return end_without("the handler returned an empty generator");
    pump_.start(std::move(handler), call(), call().context(), *this);
  }

 private:
  void completed() noexcept override {
    auto const outcome = pump_.failure();
    end_like(outcome.kind(), outcome.stored_failure());
  }
  message_pump<Response> pump_;
};

/// Starts a method that takes one request; `Running` answers. Once it runs, and it may have ended and gone by then, nothing
/// throws: what catches here is for the request and for what the method does before its coroutine.
template <class Service, class Request, class Running, auto Method>
void start_with_request(service& owner, server_stream& call) {
  auto* const self = new Running{call};
  try {
    Request request;
    if (!read_request(call, request)) return self->end(malformed_message());
    self->run((static_cast<Service&>(owner).*Method)(std::move(request)));
  } catch (...) { self->end_by_exception(); }
}

/// The requests of a streaming call, as the handler's generator sees them. A handler may move that generator into a task
/// that ends after it (a scope that it did not join): then reading fails, and this goes with the generator.
template <class Request>
class request_source final : public message_source<Request>, public coro::pooled {
 public:
  explicit request_source(server_stream& call) noexcept : message_source<Request>{call}, call_{&call} {}

  [[nodiscard]] generator<Request> open() noexcept {
    opened_ = true;
    return generator<Request>{*this};
  }
  void handler_ended() noexcept {
    call_ = nullptr;
    if (opened_) this->cut();
    else delete this;
  }

 private:
  void drop() noexcept override {
    opened_ = false;
    if (call_ == nullptr) delete this;
  }
  status ended() override {
    if (call_ == nullptr) return status{code::cancelled, "the handler of these requests has ended"};
    return to_status(call_->context().stop().reason());
  }
  server_stream* call_;  // null once the handler has ended
  bool opened_ = false;
};

// The requests are declared in a base before the task or pump, so that they outlive the coroutine that reads them.
template <class Request>
struct owns_requests {
  explicit owns_requests(server_stream& call) : requests{*new request_source<Request>{call}} {}
  owns_requests(owns_requests const&) = delete;
  owns_requests& operator=(owns_requests const&) = delete;
  ~owns_requests() { requests.handler_ended(); }
  request_source<Request>& requests;
};

/// A method that takes a stream of requests; `Running` answers.
template <class Service, class Request, class Running, auto Method>
class of_requests final : owns_requests<Request>, Running {
 public:
  using Running::operator new;
  using Running::operator delete;
  static void start(service& owner, server_stream& call) {
    auto* const self = new of_requests{call};
    try {
      self->run((static_cast<Service&>(owner).*Method)(self->requests.open()));
    } catch (...) { self->end_by_exception(); }
  }

 private:
  explicit of_requests(server_stream& call) : owns_requests<Request>{call}, Running{call} {}
};

template <class Method>
struct shape;
template <class Service, class Result, class Argument>
struct shape<Result (Service::*)(Argument)> {
  using service = Service;
  using response = typename Result::value_type;
  using argument = std::remove_cvref_t<Argument>;
};

}  // namespace serving

template <auto Method>
constexpr method_handler serve_unary(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::start_with_request<typename s::service, typename s::argument,
                                              serving::answering<typename s::response>, Method>};
}
template <auto Method>
constexpr method_handler serve_server_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::start_with_request<typename s::service, typename s::argument,
                                              serving::streaming<typename s::response>, Method>};
}
template <auto Method>
constexpr method_handler serve_client_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::of_requests<typename s::service, typename s::argument::value_type,
                                       serving::answering<typename s::response>, Method>::start};
}
template <auto Method>
constexpr method_handler serve_bidi_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::of_requests<typename s::service, typename s::argument::value_type,
                                       serving::streaming<typename s::response>, Method>::start};
}

/// The table of a service from its rows, which live as long as the service. In the library, as what std::span asks of an iterator takes compilers longer than
/// a coroutine.
[[nodiscard]] std::span<method_handler const> table_of(method_handler const* rows,
                                                       std::size_t count) noexcept;
template <std::size_t Count>
[[nodiscard]] std::span<method_handler const> table_of(method_handler const (&rows)[Count]) noexcept {
  return table_of(rows, Count);
}

/// What a method does that the service does not override. Fails with: UNIMPLEMENTED.
[[noreturn]] void throw_unimplemented(method which);

}  // namespace sluice
