// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel_options.hpp>
#include <sluice/client/client_call.hpp>
#include <sluice/client/observer.hpp>
#include <sluice/coro/asio_forward.hpp>
#include <sluice/coro/serial_executor.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/net/byte_stream.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// What a channel is doing (gRPC's connectivity-semantics-and-api).
enum class connectivity : std::uint8_t {
  idle,               ///< no connection, none wanted: the next call connects
  connecting,
  ready,
  transient_failure,  ///< connecting failed; it is tried again after a back-off
  shutdown,
};
[[nodiscard]] std::string_view to_string(connectivity state) noexcept;

namespace calling {
class channel_state;
}

/// A client's way to a service: connects when a call needs it, reconnects when the connection is lost.
///
///   sluice::channel channel{io.get_executor(), "dns:///localhost:50051"};
///   helloworld::GreeterStub greeter{channel};
///
/// Targets: "dns:///host:port", "host:port", "ipv4:192.0.2.1:80,192.0.2.2:80", "ipv6:[2001:db8::1]:80", "unix:/run/x.sock",
/// "unix-abstract:name".
///
/// Concurrency: all of it, calls included, on the executor, which is serial (an io_context that one thread runs, or a
/// strand). A call that is awaited on another executor fails with FAILED_PRECONDITION: make one channel for each.
/// Lifetime: destroying it ends its calls with UNAVAILABLE; whoever waits is resumed. `co_await shutdown(grace)` first
/// lets them end.
class channel {
 public:
  /// Throws status_error INVALID_ARGUMENT for a malformed target.
  channel(serial_executor where, std::string_view target);
  channel(serial_executor where, std::string_view target, channel_options options);
  /// A channel over connections that the caller makes: a pipe, TLS of its own, anything. `connect` is called whenever a
  /// new one is needed; null and an exception mean that connecting failed.
  using connector = std::function<std::unique_ptr<byte_stream>()>;
  channel(serial_executor where, connector connect);
  channel(serial_executor where, connector connect, channel_options options);
  channel(channel const&) = delete;
  channel& operator=(channel const&) = delete;
  ~channel();

  [[nodiscard]] connectivity state() const noexcept;
  /// Connects now, instead of with the first call. Nothing unless idle.
  void connect();
  /// Completes with: the state, once it is not `known` any more. Fails with: the stop's status.
  [[nodiscard]] task<connectivity> state_changed(connectivity known);
  /// Completes: when the channel is ready. Connects. Fails with: the stop's status; UNAVAILABLE once it is shut down.
  [[nodiscard]] task<void> ready();

  /// Ends gracefully: new calls fail with UNAVAILABLE, those under way may finish for `grace`, then are ended.
  /// Completes: when no call is left and the connections are closed.
  [[nodiscard]] task<void> shutdown(duration grace);
  /// The same now, without waiting.
  void close();

  /// The target in its canonical form.
  [[nodiscard]] std::string const& target() const noexcept;
  [[nodiscard]] boost::asio::any_io_executor executor() const;

 private:
  friend client_call_ptr new_call(channel& on, method which, call_options&& options);
  friend client_call_ptr new_call(channel& on, std::string path, method_kind kind, call_options&& options);
  std::shared_ptr<calling::channel_state> state_;
};

}  // namespace sluice
