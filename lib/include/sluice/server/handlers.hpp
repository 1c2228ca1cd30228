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

#include <type_traits>
#include <utility>

namespace sluice {
namespace serving {

template <class T>
status outcome_of(server_stream& call, coro::outcome<T> const& ended) noexcept {
  if (auto const* why = ended.failed_status()) return *why;
  return ended.empty() || ended.has_value() ? status{} : call.describe(ended.error());
}

/// The request of a call that has just one: the engine starts such a handler when it is there.
template <class Request>
[[nodiscard]] bool read_request(server_stream& call, Request& request) {
  bytes_view bytes;
  if (call.read(bytes) != call_stream::read_result::message) return false;
  bool const parsed = codec<Request>::parse(request, bytes);
  static_cast<void>(call.read(bytes));  // its bytes need not live as long as the handler
  return parsed;
}

/// A handler whose coroutine runs. Owns itself.
class running : public call_handler, protected coro::completion, public coro::pooled {
 protected:
  explicit running(server_stream& call) noexcept : call_{call} { call.set_handler(*this); }
  ~running() override;

  void end(status outcome) noexcept;
  /// Ends with the exception that is being handled.
  void end_by_exception() noexcept;
  void end_without(char const* what) noexcept;
  /// Ends after its one message was written.
  void end_written(bool room) noexcept;
  [[nodiscard]] server_stream& call() noexcept { return call_; }

 private:
  server_stream& call_;
};

/// Runs the task of a handler that answers with one message, then ends the call.
template <class Response>
class answering : public running {
 protected:
  using running::running;

  template <class Call>
  void run(Call&& handler) {
    try {
      task_ = handler();
    } catch (...) { return end_by_exception(); }
    if (!task_.valid()) return end_without("the handler returned an empty task");
    task_.start(call().context(), *this);
  }

 private:
  void completed() noexcept override {
    auto& outcome = task_.outcome();
    if (!outcome.has_value()) return end(outcome_of(call(), outcome));
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
 protected:
  using running::running;

  template <class Call>
  void run(Call&& handler) {
    generator<Response> responses;
    try {
      responses = handler();
    } catch (...) { return end_by_exception(); }
    if (!responses.valid()) return end_without("the handler returned an empty generator");
    pump_.start(std::move(responses), call(), call().context(), *this);
  }

 private:
  void completed() noexcept override { end(outcome_of(call(), pump_.failure())); }
  message_pump<Response> pump_;
};

/// A method that takes one request; `Running` answers.
template <class Service, class Request, class Running, auto Method>
class of_one_request final : Running {
 public:
  static void start(service& owner, server_stream& call) {
    (new of_one_request{call})->run(static_cast<Service&>(owner));
  }

 private:
  using Running::Running;
  void run(Service& owner) {
    Request request;
    try {
      if (!read_request(this->call(), request)) return this->end(malformed_message());
    } catch (...) { return this->end_by_exception(); }
    Running::run([&] { return (owner.*Method)(std::move(request)); });
  }
};

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
    self->run([&] { return (static_cast<Service&>(owner).*Method)(self->requests.open()); });
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
  return {which, &serving::of_one_request<typename s::service, typename s::argument,
                                          serving::answering<typename s::response>, Method>::start};
}
template <auto Method>
constexpr method_handler serve_server_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::of_one_request<typename s::service, typename s::argument,
                                          serving::streaming<typename s::response>, Method>::start};
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

/// What a method does that the service does not override. Fails with: UNIMPLEMENTED.
[[noreturn]] void throw_unimplemented(method which);

}  // namespace sluice
