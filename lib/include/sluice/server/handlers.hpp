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

#include <string>
#include <type_traits>
#include <utility>

namespace sluice {
namespace serving {

inline status outcome_of(server_stream& call, coro::outcome<void>& ended) noexcept {
  if (auto const* why = ended.failed_status()) return *why;
  if (auto thrown = ended.error()) return call.describe(std::move(thrown));
  return status{};
}

/// The request of a call that has just one: the engine starts such a handler when it is there.
template <class Request>
[[nodiscard]] bool read_request(server_stream& call, Request& request) {
  bytes_view bytes;
  return call.read(bytes) == call_stream::read_result::message && codec<Request>::parse(request, bytes);
}

/// Runs the task of a handler that answers with one message, then ends the call. Owns itself.
template <class Response>
class answering : public call_handler, protected coro::completion, public coro::pooled {
 protected:
  explicit answering(server_stream& call) noexcept : call_{call} { call.set_handler(*this); }

  template <class Call>
  void run(Call&& handler) {
    try {
      task_ = handler();
    } catch (...) { return end(call_.describe(std::current_exception())); }
    if (!task_.valid()) return end(status{code::internal, "the handler returned an empty task"});
    task_.start(call_.context(), *this);
  }
  void end(status outcome) {
    server_stream& call = call_;
    delete this;
    call.finish(std::move(outcome));
  }
  [[nodiscard]] server_stream& call() noexcept { return call_; }

 private:
  void completed() noexcept override {
    auto& outcome = task_.outcome();
    if (!outcome.has_value()) {
      if (auto const* why = outcome.failed_status()) return end(*why);
      return end(call_.describe(outcome.error()));
    }
    // No room afterwards is no failure: the message is in the buffer, and the call ends.
    bool const room = write_message(call_, outcome.stored_value());
    end(room ? status{} : call_.write_error());
  }
  server_stream& call_;
  task<Response> task_;
};

template <class Service, class Request, class Response, auto Method>
class unary final : answering<Response> {
 public:
  static void start(service& owner, server_stream& call) {
    (new unary{call})->run(static_cast<Service&>(owner));
  }

 private:
  using answering<Response>::answering;
  void run(Service& owner) {
    Request request;
    if (!read_request(this->call(), request)) return this->end(malformed_message());
    answering<Response>::run([&] { return (owner.*Method)(std::move(request)); });
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
  void ended() override {
    if (call_ == nullptr) throw status_error{code::cancelled, "the handler of these requests has ended"};
    call_->context().token().throw_if_stopped();
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

template <class Service, class Request, class Response, auto Method>
class client_streaming final : owns_requests<Request>, answering<Response> {
 public:
  using answering<Response>::operator new;
  using answering<Response>::operator delete;
  static void start(service& owner, server_stream& call) {
    auto* const self = new client_streaming{call};
    self->run([&] { return (static_cast<Service&>(owner).*Method)(self->requests.open()); });
  }

 private:
  explicit client_streaming(server_stream& call) : owns_requests<Request>{call}, answering<Response>{call} {}
};

/// Pumps the generator of a handler that answers with a stream, then ends the call. Owns itself.
template <class Response>
class streaming : public call_handler, protected coro::completion, public coro::pooled {
 protected:
  explicit streaming(server_stream& call) noexcept : call_{call} { call.set_handler(*this); }

  template <class Call>
  void run(Call&& handler) {
    generator<Response> responses;
    try {
      responses = handler();
    } catch (...) { return end(call_.describe(std::current_exception())); }
    if (!responses.valid()) return end(status{code::internal, "the handler returned an empty generator"});
    pump_.start(std::move(responses), call_, call_.context(), *this);
  }
  void end(status outcome) {
    server_stream& call = call_;
    delete this;
    call.finish(std::move(outcome));
  }
  [[nodiscard]] server_stream& call() noexcept { return call_; }

 private:
  void completed() noexcept override { end(outcome_of(call_, pump_.failure())); }
  server_stream& call_;
  message_pump<Response> pump_;
};

template <class Service, class Request, class Response, auto Method>
class server_streaming final : streaming<Response> {
 public:
  static void start(service& owner, server_stream& call) {
    (new server_streaming{call})->run(static_cast<Service&>(owner));
  }

 private:
  using streaming<Response>::streaming;
  void run(Service& owner) {
    Request request;
    if (!read_request(this->call(), request)) return this->end(malformed_message());
    streaming<Response>::run([&] { return (owner.*Method)(std::move(request)); });
  }
};

template <class Service, class Request, class Response, auto Method>
class bidi_streaming final : owns_requests<Request>, streaming<Response> {
 public:
  using streaming<Response>::operator new;
  using streaming<Response>::operator delete;
  static void start(service& owner, server_stream& call) {
    auto* const self = new bidi_streaming{call};
    self->run([&] { return (static_cast<Service&>(owner).*Method)(self->requests.open()); });
  }

 private:
  explicit bidi_streaming(server_stream& call) : owns_requests<Request>{call}, streaming<Response>{call} {}
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
  return {which,
          &serving::unary<typename s::service, typename s::argument, typename s::response, Method>::start};
}
template <auto Method>
constexpr method_handler serve_server_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::server_streaming<typename s::service, typename s::argument, typename s::response,
                                            Method>::start};
}
template <auto Method>
constexpr method_handler serve_client_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::client_streaming<typename s::service, typename s::argument::value_type,
                                            typename s::response, Method>::start};
}
template <auto Method>
constexpr method_handler serve_bidi_streaming(method which) noexcept {
  using s = serving::shape<decltype(Method)>;
  return {which, &serving::bidi_streaming<typename s::service, typename s::argument::value_type,
                                          typename s::response, Method>::start};
}

/// What a method answers that the service does not override.
[[nodiscard]] inline status unimplemented(method which) {
  return status{code::unimplemented, "method " + std::string{which.path} + " is not implemented"};
}
template <class Response>
task<Response> unimplemented_task(method which) {
  co_return unimplemented(which);
}
template <class Response>
generator<Response> unimplemented_generator(method which) {
  co_yield unimplemented(which);
}

}  // namespace sluice
