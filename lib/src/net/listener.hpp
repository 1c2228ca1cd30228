// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/log.hpp>
#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>
#include <sluice/net/byte_stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/bind.hpp"
#include "net/time_source.hpp"

namespace sluice::net {

struct listen_options {
  bind_options bind;
  /// Connections accepted before other work has its turn.
  std::size_t batch = 32;
  /// Where an accepted connection will live, asked for each one; empty: on the listener's executor.
  std::function<asio::any_io_executor()> executor_for_connection;
  duration user_timeout = duration::max();  ///< of accepted sockets, see set_user_timeout
  log_sink log;                        ///< empty: silent
  std::shared_ptr<time_source> time;  ///< null: the real one
  /// accept4(2), or a test's: takes the listening socket, returns a descriptor, or -1 with errno.
  std::function<int(int)> accept;
};

/// Accepts connections on one or several addresses.
///
/// Running out of descriptors or memory pauses accepting for 10 ms, then twice as long each time, up to a
/// second; a connection that died in the queue is passed over. Accepting never stops by itself.
///
/// Concurrency: all calls on the executor, which also runs `accepted`. Lifetime: `accepted` may close or
/// destroy the listener; after `close` or the destructor it is not called again.
class listener {
 public:
  using on_accept = std::function<void(std::unique_ptr<byte_stream>)>;

  /// Binds and begins to accept; connections are reported after this returns. Port 0 is resolved, see
  /// `bound`.
  [[nodiscard]] static result<std::unique_ptr<listener>, std::string> open(
      asio::any_io_executor executor, std::vector<address> const& addresses, listen_options options,
      on_accept accepted);
  /// The same for what `parse_listen_address` reads.
  [[nodiscard]] static result<std::unique_ptr<listener>, std::string> open(asio::any_io_executor executor,
                                                                           std::string_view text,
                                                                           listen_options options,
                                                                           on_accept accepted);
  ~listener();
  listener(listener const&) = delete;
  listener& operator=(listener const&) = delete;

  /// Where it listens; at least one. To open further listeners with reuse_port, pass them on.
  [[nodiscard]] std::vector<address> const& bound() const noexcept;
  /// Leaves new connections in the system's queue, until `resume`. Also from inside `accepted`.
  void pause() noexcept;
  void resume();
  /// Stops listening, and removes the file of a unix socket. Idempotent.
  void close() noexcept;

 private:
  struct state;
  explicit listener(std::shared_ptr<state> s) noexcept;
  std::shared_ptr<state> state_;
};

}  // namespace sluice::net
