// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/rpc/call_stream.hpp>
#include <sluice/rpc/method.hpp>

#include <exception>
#include <span>
#include <string_view>

namespace sluice {

namespace coro {
class context;
}

/// A running handler. It owns itself and ends by itself; when its server goes before that, it is destroyed.
class call_handler {
 public:
  virtual ~call_handler() = default;
};

/// The server's end of one call, for typed handlers: the messages, and the end.
class server_stream : public call_stream {
 public:
  [[nodiscard]] virtual coro::context& context() noexcept = 0;
  /// The handler that runs for this call, before its coroutine starts.
  virtual void set_handler(call_handler& handler) noexcept = 0;
  /// The handler is over: trailers with `outcome`. The handler must not touch the stream afterwards.
  virtual void finish(status outcome) noexcept = 0;
  /// What an exception that left a handler ends the call with: its status for a status_error; otherwise UNKNOWN, with
  /// the exception's text in the log and not on the wire.
  [[nodiscard]] virtual status describe(std::exception_ptr thrown) noexcept = 0;

 protected:
  ~server_stream() = default;
};

class service;

/// A row of a service's table: how to start the handler of a method. Made by serve_unary and its siblings.
struct method_handler {
  sluice::method method;
  void (*start)(service& owner, server_stream& call) = nullptr;
};

/// Base of generated service classes. Register with server::add.
class service {
 public:
  service() = default;
  virtual ~service() = default;

  /// "package.Service".
  [[nodiscard]] virtual std::string_view sluice_service_name() const noexcept = 0;
  [[nodiscard]] virtual std::span<method_handler const> sluice_methods() const noexcept = 0;
  /// A service that is registered together with this one, such as an older version of the same. Default: none.
  [[nodiscard]] virtual service* sluice_companion() noexcept { return nullptr; }
  /// Whether calls may come with messages of this codec, "json" for application/grpc+json, beside protobuf. Others are
  /// refused with HTTP status 415. Called on the executor of the call, inside protocol code.
  [[nodiscard]] virtual bool sluice_accepts_subtype(std::string_view /*subtype*/) const noexcept {
    return false;
  }
};

}  // namespace sluice
