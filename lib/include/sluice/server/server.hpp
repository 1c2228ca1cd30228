// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/coro/serial_executor.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/net/tls.hpp>
#include <sluice/server/observer.hpp>
#include <sluice/server/server_options.hpp>
#include <sluice/server/service.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

class generic_service;
class io_threads;
namespace serving {
class server_group;
}

/// Serves gRPC calls on the caller's executor.
///
///   boost::asio::io_context io;
///   sluice::server server{io.get_executor()};
///   server.add(guide);
///   server.listen("127.0.0.1:50051");
///   io.run();
///
/// The executor is serial: an io_context that one thread runs, or a strand. With io_threads the server uses all of them:
/// the first one accepts and hands the connections round; each stays on its thread, and handlers of different connections
/// run at the same time.
///
/// Concurrency: all calls on the executor (before it runs, from the thread that will run it). With io_threads: `add` and
/// `listen` from one thread; the others from any.
/// Lifetime: services and the observer outlive the server. Destroying it closes every connection at once and drops the
/// handlers that still run, at the point where they wait; `co_await shutdown(grace)` first lets them end.
class server {
 public:
  explicit server(serial_executor where);
  server(serial_executor where, server_options options);
  explicit server(io_threads& threads);
  server(io_threads& threads, server_options options);
  server(server const&) = delete;
  server& operator=(server const&) = delete;
  ~server();

  /// Registers a service, by reference. Throws status_error: ALREADY_EXISTS when one of its name is there already,
  /// FAILED_PRECONDITION after the first listen or serve.
  server& add(service& what);
  /// Registers the one handler of all methods that no service has, by reference; without it they are UNIMPLEMENTED.
  /// Throws status_error: ALREADY_EXISTS for a second one, FAILED_PRECONDITION after the first listen or serve.
  server& add_fallback(generic_service& what);

  /// Binds and begins to accept. Takes "127.0.0.1:50051", "[::1]:0", "localhost:50051", ":50051", "unix:/run/x.sock",
  /// "unix-abstract:x". May be called several times. Returns where it listens, with the port that the system chose:
  /// "ipv4:127.0.0.1:50051". Throws status_error: INVALID_ARGUMENT for what is no address, UNAVAILABLE when it cannot be
  /// bound, saying why.
  std::string listen(std::string_view address);
  /// The same with TLS. A server may listen with and without it side by side.
  std::string listen(std::string_view address, tls_server tls);
  /// Serves one connection that the caller made: a pipe, an accepted socket in a byte_stream, a user's own. The stream is
  /// of the server's executor. With io_threads: of the caller's when it is one of them, else of `threads.executor(0)`.
  void serve(std::unique_ptr<byte_stream> connection);

  /// Ends gracefully: stops accepting, sends GOAWAY, stops the handlers' drain tokens, and lets calls finish for `grace`;
  /// what is left is stopped hard, with reason shutdown.
  /// Asked for again, the grace that is over first holds.
  /// Completes: when every handler has ended and every connection is closed, at the latest when the server is destroyed.
  /// Fails: never. A stop of the awaiting task shortens the grace to nothing.
  [[nodiscard]] task<void> shutdown(duration grace);
  /// The same without waiting, for signal handlers: io.run() returns once all is done.
  void stop(duration grace);

  [[nodiscard]] std::size_t connections() const noexcept;
  /// Calls that are not over: their handler is still to end, or their stream to be closed.
  [[nodiscard]] std::size_t active_calls() const noexcept;

 private:
  std::shared_ptr<serving::server_group> group_;
};

}  // namespace sluice
